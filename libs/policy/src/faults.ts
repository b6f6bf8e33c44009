import type { Failure } from '@writ/kernel';
import type { z } from 'zod';

/** One thing wrong with a document: where (JSON pointer, RFC 6901), and what. */
export interface Fault {
  readonly pointer: string;
  readonly reason: string;
}

/** As many are named. */
export const LISTED = 20;
/** Characters of a pointer; of a longer one the middle is left out, where nesting only repeats itself. */
const LONGEST = 160;

export function shortPointer(pointer: string): string {
  if (pointer.length <= LONGEST) return pointer;
  const half = (LONGEST - 3) / 2;
  const head = pointer.slice(0, half);
  const tail = pointer.slice(-half);
  // Whole steps: a step that is cut would name something else.
  return `${head.slice(0, Math.max(head.lastIndexOf('/'), 1))}/…${tail.slice(Math.max(tail.indexOf('/'), 0))}`;
}

const token = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

/** What a schema found wrong; of alternatives those of the one that came closest. */
export function faultsOf({ issues }: z.ZodError): Fault[] {
  return issues.flatMap((issue) => faultsIn(issue, []));
}

function faultsIn(issue: z.core.$ZodIssue, at: readonly PropertyKey[]): Fault[] {
  const path = [...at, ...issue.path];
  const pointer = path.map((key) => `/${token(key)}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${token(key)}`,
      reason: 'is not a member of a bundle here',
    }));
  }
  const branches = issue.code === 'invalid_union' ? issue.errors : [];
  const told = branches.map((inner) => inner.flatMap((one) => faultsIn(one, path)));
  const closest = told.sort((a, b) => a.length - b.length)[0];
  return closest !== undefined && closest.length > 0 ? closest : [{ pointer, reason: issue.message }];
}

/** Several faults as what a failure says: the first in its message, all by their places in its details. */
export function faultsAsOne(faults: readonly Fault[]): Pick<Failure, 'message' | 'details'> {
  const details: { [pointer: string]: string } = {};
  for (const { pointer, reason } of faults.slice(0, LISTED)) {
    const place = shortPointer(pointer);
    details[place] = details[place] === undefined ? reason : `${details[place]} · ${reason}`;
  }
  const [first, ...others] = faults;
  const more = others
    .slice(0, LISTED - 1)
    .map(({ pointer, reason }) => `${shortPointer(pointer) || 'the bundle'}: ${reason}`);
  const rest = faults.length > LISTED ? [`and ${faults.length - LISTED} more`] : [];
  return { message: [first?.reason ?? '', ...more, ...rest].join(' · '), details };
}
