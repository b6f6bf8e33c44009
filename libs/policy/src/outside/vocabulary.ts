import { PRINCIPAL_KINDS } from '@writ/kernel';
import { nameProblem } from '@writ/rules';
import { z } from 'zod';
import { ACTIONS, OBJECT_TYPES } from '../types';

const MOST_ACTIONS = 500;
const MOST_TYPES = 200;

const RESERVED: ReadonlySet<string> = new Set([...OBJECT_TYPES, 'class', 'role']);
const PRODUCT_ACTIONS: ReadonlySet<string> = new Set(ACTIONS);
const GROUPS: ReadonlySet<string> = new Set(ACTIONS.filter((action) => action.includes('.')).map(groupOf));

function groupOf(action: string): string {
  const dot = action.indexOf('.');
  return dot === -1 ? '' : action.slice(0, dot);
}

const action = z
  .string()
  .max(64)
  .superRefine((name, ctx) => {
    const problem = actionProblem(name);
    if (problem !== null) ctx.addIssue({ code: 'custom', message: `the action ${problem}` });
  });

/** Why a word cannot be an action of an application, or null. */
export function actionProblem(name: string): string | null {
  const problem = nameProblem(name, false);
  if (problem !== null) return problem;
  // A rule about the product must never come to speak of an application, nor the other way round.
  if (PRODUCT_ACTIONS.has(name)) return `${name} is one of the product's own`;
  return GROUPS.has(groupOf(name)) ? `${name} lies in the product's own group ${groupOf(name)}.*` : null;
}

const type = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'a type: a letter, then letters, digits, _ . -, at most 64')
  .refine((name) => !RESERVED.has(name), 'the type is one of the product’s own');

/**
 * The words of applications outside: what they call actions and types of things. Rules may use them beside the product's
 * own, and the words of either never mean the other's. The order of actions is kept: searches answer in it.
 */
export const VocabularyDocument = z.strictObject({
  actions: z.array(action).max(MOST_ACTIONS).default([]),
  types: z.array(type).max(MOST_TYPES).default([]),
});
export type VocabularyWords = z.infer<typeof VocabularyDocument>;

/** A vocabulary as decisions ask it. */
export interface SpokenVocabulary {
  /** In the order of the bundle. */
  readonly actions: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  /** `types`, and the kinds of principals. */
  readonly subjects: ReadonlySet<string>;
}

export const spoken = ({ actions, types }: VocabularyWords): SpokenVocabulary =>
  Object.freeze({
    actions: new Set(actions),
    types: new Set(types),
    subjects: new Set([...PRINCIPAL_KINDS, ...types]),
  });

/** Each word once, in the order first written; undefined where no bundle has a vocabulary. */
export function mergeVocabularies(all: readonly (VocabularyWords | undefined)[]): VocabularyWords | undefined {
  const given = all.filter((one) => one !== undefined);
  if (given.length === 0) return undefined;
  return {
    actions: [...new Set(given.flatMap((one) => one.actions))],
    types: [...new Set(given.flatMap((one) => one.types))],
  };
}
