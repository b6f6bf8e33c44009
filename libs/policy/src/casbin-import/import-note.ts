/**
 * Something about one line (or, with null, the model) that whoever imports should know. `left_out`: it grants less here.
 * `stricter`: it denies more here. `no_effect`: it said nothing to Casbin either. `noted`: it means the same.
 */
export interface ImportNote {
  readonly line: number | null;
  readonly kind: 'left_out' | 'stricter' | 'no_effect' | 'noted';
  readonly text: string;
  readonly why: string;
}
