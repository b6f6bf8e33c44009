import type { FieldError, QueryFault } from '@writ/contract';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Place = FieldError['in'];

const token = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');
const pointerTo = (path: readonly PropertyKey[]): string => path.map((key) => `/${token(key)}`).join('');

/**
 * What is wrong with one part of a request, each entry with a JSON pointer (RFC 6901) to its place. Of a union, the
 * branch that came closest is told, since that is the one its sender meant.
 */
export function fieldErrors(place: Place, error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => entries(place, issue, []));
}

function entries(place: Place, issue: Issue, at: readonly PropertyKey[]): FieldError[] {
  const path = [...at, ...issue.path];
  const entry = (code: string, message: string): FieldError => ({ in: place, pointer: pointerTo(path), code, message });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        in: place,
        pointer: pointerTo([...path, key]),
        code: 'unknown_field',
        message: `there is no field ${key} here`,
      }));
    case 'invalid_value':
      return [{ ...entry('not_allowed', issue.message), allowed: issue.values.map(plain) }];
    case 'invalid_union': {
      const branches = issue.errors.map((issues) => issues.flatMap((inner) => entries(place, inner, path)));
      const closest = branches.sort((a, b) => a.length - b.length)[0];
      return closest && closest.length > 0 ? closest : [entry('invalid', issue.message)];
    }
    case 'invalid_type':
      return [issue.input === undefined ? entry('required', 'is required') : entry('wrong_type', issue.message)];
    case 'custom': {
      const fault = issue.params?.['fault'] as QueryFault | undefined;
      return [fault ? inText(entry(fault.code, fault.message), fault) : entry(issue.code, issue.message)];
    }
    default:
      return [entry(issue.code, issue.message)];
  }
}

/** A fault of a text that has parts, such as a query, with its place inside it. */
const inText = (error: FieldError, { start, end, allowed }: QueryFault): FieldError => ({
  ...error,
  at: { start, end },
  ...(allowed === undefined ? {} : { allowed: [...allowed] }),
});

const plain = (value: unknown): string | number | boolean | null =>
  typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value);
