import type { FieldNode, QueryTest, Span } from './ast';
import { fieldOf, type QueryField, QUERY_FIELDS, type QueryList } from './fields';
import { type Interval, parseDuration, parseMoment, parseNumber } from './values';

export type FaultCode =
  | 'unexpected'
  | 'unterminated'
  | 'unbalanced'
  | 'dangling'
  | 'unknown_field'
  | 'empty_value'
  | 'unknown_value'
  | 'wrong_value'
  | 'no_order'
  | 'no_wildcard'
  | 'empty_range'
  | 'too_long'
  | 'too_deep'
  | 'too_many';

/** Something in a query that means nothing: where, what, and what would. */
export interface QueryFault extends Span {
  readonly code: FaultCode;
  readonly message: string;
  readonly allowed?: readonly string[];
}

const ORDERED: { readonly [type: string]: (text: string, now: number) => Interval | null } = {
  number: parseNumber,
  duration: parseDuration,
  time: parseMoment,
};

const FORMS: { readonly [type: string]: string } = {
  number: 'a number, such as 3',
  duration: 'a length of time, such as 250ms, 30s or 1h30m',
  time: 'a time, such as -24h, now, today, 2026-11-22 or 2026-11-22T09:30:00Z',
};

/** What one value of a field means in numbers; null for a value its type does not know. */
export const intervalOf = (field: QueryField, text: string, now: number): Interval | null =>
  ORDERED[field.type]?.(text, now) ?? null;

/** What is wrong with a field and its values. */
export function checkField(list: QueryList, node: FieldNode, values: readonly Span[]): QueryFault[] {
  const field = fieldOf(list, node.field);
  if (!field) {
    const { start } = node.span;
    const message = `There is no field ${node.field} here. To search for the text itself, put it in quotation marks.`;
    const allowed = QUERY_FIELDS[list].map((one) => one.name);
    return [{ start, end: start + node.field.length + 1, code: 'unknown_field', message, allowed }];
  }
  return node.tests.flatMap((test, i) => {
    const fault = testFault(field, test);
    const value = values[i];
    // A value that is missing has no characters of its own to point at.
    const { start, end } = value && value.end > value.start ? value : node.span;
    return fault ? [{ start, end, ...fault }] : [];
  });
}

type Fault = Omit<QueryFault, keyof Span>;

function testFault(field: QueryField, test: QueryTest): Fault | null {
  if (test.kind === 'is' && test.value === '') {
    return { code: 'empty_value', message: `${field.name}: needs a value, for example ${field.example}.` };
  }
  switch (field.type) {
    case 'word':
      return wordFault(field, test);
    case 'name':
      return test.kind === 'is' || test.kind === 'starts' ? null : unordered(field);
    default:
      return orderedFault(field, test);
  }
}

function wordFault(field: QueryField, test: QueryTest): Fault | null {
  if (test.kind === 'starts') return wildcard(field);
  if (test.kind !== 'is') return unordered(field);
  const allowed = field.words ?? [];
  if (allowed.includes(test.value)) return null;
  const message = `${field.name} is one of ${allowed.join(', ')}, not ${test.value}.`;
  return { code: 'unknown_value', message, allowed };
}

function orderedFault(field: QueryField, test: QueryTest): Fault | null {
  if (test.kind === 'starts') return wildcard(field);
  const texts = test.kind === 'range' ? [test.from, test.to] : [test.value];
  for (const text of texts) {
    if (text !== null && intervalOf(field, text, 0) === null) {
      return { code: 'wrong_value', message: `${field.name} takes ${FORMS[field.type]}, not ${text || 'nothing'}.` };
    }
  }
  return test.kind === 'range' && isEmpty(field, test) ? emptyRange(field) : null;
}

/** From a later to an earlier value, whatever the time is now: relative times are tried at two. */
function isEmpty(field: QueryField, { from, to }: QueryTest & { kind: 'range' }): boolean {
  if (from === null || to === null) return false;
  return [0, 4e12].every((now) => (intervalOf(field, from, now)?.from ?? 0) > (intervalOf(field, to, now)?.from ?? 0));
}

const emptyRange = (field: QueryField): Fault => ({
  code: 'empty_range',
  message: `The range of ${field.name} ends before it begins.`,
});

const wildcard = (field: QueryField): Fault => ({
  code: 'no_wildcard',
  message: `${field.name} takes no *; for example ${field.example}.`,
});

const unordered = (field: QueryField): Fault => ({
  code: 'no_order',
  message: `${field.name} has no order, so it takes no >, < or ..; for example ${field.example}. Quote a value that contains them.`,
});
