import { type Failure, type Json } from '@writ/kernel';
import type { z } from 'zod';

/** One thing wrong with a set of documents: where (JSON pointer, RFC 6901, the first token is the document's index) and what. */
export interface Problem {
  readonly pointer: string;
  readonly reason: string;
}

export const token = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');
const pointerTo = (path: readonly PropertyKey[]): string => path.map((key) => `/${token(key)}`).join('');

const LISTED = 20;

/** All problems as one refusal: `details` maps a pointer to its reason, for the first twenty. */
export function refusalOf(code: string, problems: readonly Problem[]): Failure {
  const [first] = problems;
  if (!first) throw new Error('a refusal needs a problem');
  const details: { [pointer: string]: string } = {};
  for (const { pointer, reason } of problems.slice(0, LISTED)) {
    details[pointer] = details[pointer] === undefined ? reason : `${details[pointer]}; ${reason}`;
  }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return {
    code,
    class: 'permanent',
    message: `${first.pointer === '' ? 'the document' : first.pointer}: ${first.reason}${more}`,
    next: 'Correct the documents and publish them again; nothing was published.',
    details,
  };
}

type Issue = z.core.$ZodIssue;

/**
 * A union reports the issues of every branch. The reader meant the branch whose members fit best, so the one with the
 * fewest faults right at the value is the one reported.
 */
function flatten(issue: Issue, at: readonly PropertyKey[]): { path: readonly PropertyKey[]; reason: string }[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], reason: 'is not a field of this definition' }));
  }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ path, reason: issue.message }];
  const branches = issue.errors.map((issues) => issues.flatMap((inner) => flatten(inner, path)));
  const own = (found: readonly { path: readonly PropertyKey[] }[]): number =>
    found.filter((one) => one.path.length <= path.length + 1).length;
  const [best] = branches.sort((a, b) => own(a) - own(b));
  return best ?? [{ path, reason: issue.message }];
}

export function problemsOf(error: z.ZodError, at: readonly PropertyKey[]): Problem[] {
  return error.issues
    .flatMap((issue) => flatten(issue, at))
    .map(({ path, reason }) => ({ pointer: pointerTo(path), reason }));
}

/** `__proto__` as a key changes the object instead of naming a member; nothing that is hashed may hold one. */
export function forbiddenKeys(value: Json, at: readonly PropertyKey[]): Problem[] {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap((item: Json, i) => forbiddenKeys(item, [...at, i]));
  return Object.entries(value).flatMap(([key, member]) =>
    key === '__proto__'
      ? [{ pointer: pointerTo([...at, key]), reason: 'is a key that no document may use' }]
      : forbiddenKeys(member, [...at, key]),
  );
}
