import type { Question } from '../casbin';

/** One hearing as it is asked again elsewhere: no value that a condition read leaves the thread. */
export interface Sample {
  readonly section: 'p' | 'p2';
  /** The request's columns, once for each name the subject goes by; the tenant is whoever has the policy. */
  readonly requests: readonly Question['request'][];
  /** Rules that were heard → whether their condition let them match. */
  readonly held: { readonly [rid: string]: boolean };
  /** Ids of the rules that matched. */
  readonly covered: readonly string[];
}
