import type { Json } from '@writ/kernel';
import { globTest } from '@writ/rules';

/** What a matcher asks of one column of a request, or of several (`clause`). */
export type Test =
  | { readonly kind: 'is'; readonly value: string }
  /** In a role or class of a section of links, or called so itself. */
  | { readonly kind: 'member'; readonly section: string; readonly value: string }
  /** `word` is a text that the pattern covers and that its author had in mind. */
  | { readonly kind: 'prefix'; readonly value: string; readonly word?: string }
  /** A pattern as the condition `glob` takes it. */
  | { readonly kind: 'glob'; readonly value: string; readonly word?: string }
  | { readonly kind: 'network'; readonly value: string }
  | { readonly kind: 'clause'; readonly clause: Json; readonly attributes: readonly string[] }
  /** Nothing here says exactly that. `wider` covers at least as much, `narrower` at most as much. */
  | { readonly kind: 'inexact'; readonly why: string; readonly wider?: Test; readonly narrower?: Test };

export type Place = 'subject' | 'object' | 'action' | 'none';

export interface Literal {
  readonly place: Place;
  readonly test: Exclude<Test, { kind: 'inexact' }>;
  readonly negated: boolean;
}

/** Literals that must all hold. */
export type Conjunction = readonly Literal[];

export const inexact = (why: string, near: { readonly wider?: Test; readonly narrower?: Test } = {}): Test => ({
  kind: 'inexact',
  why,
  ...near,
});

/** Whether a test covers a text that is known now. Tests on roles and on what only a request knows cover none. */
export function covers(test: Literal['test'], text: string): boolean {
  switch (test.kind) {
    case 'is':
      return test.value === text;
    case 'prefix':
      return text.startsWith(test.value);
    case 'glob':
      return globTest(test.value)?.(text) ?? false;
    case 'member':
    case 'network':
    case 'clause':
      return false;
  }
}
