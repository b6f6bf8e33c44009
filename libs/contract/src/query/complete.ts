import { parseQuery } from './parse';
import { fieldOf, QUERY_FIELDS, type QueryField, type QueryList } from './fields';
import type { Span } from './ast';

/** What may be typed at a place: `text` replaces the span. */
export interface Completion extends Span {
  readonly options: readonly { readonly text: string; readonly about: string }[];
  /** Set where the field's values are known to the server alone: ask it for those that begin with `prefix`. */
  readonly ask: { readonly field: string; readonly prefix: string } | null;
}

const FIELD_BEGUN = /(?:^|[\s(-])([A-Za-z][A-Za-z0-9_.]*)?$/;
const VALUE_BEGUN = /(?:^|[\s(-])([A-Za-z][A-Za-z0-9_.]*):(?:[^\s"(),]*,)*([^\s"(),]*)$/;

const ORDERED: { readonly [type: string]: readonly string[] } = {
  time: ['today', 'yesterday', '-15m..now', '-1h..now', '-24h..now', '-7d..now'],
  duration: ['>1s', '>30s', '>5m', '>1h'],
  number: ['>0', '>10', '>100'],
};

/** Completes a query at the caret (UTF-16 offset): fields first, then the words of a field, or whom to ask for them. */
export function completeQuery(text: string, caret: number, list: QueryList): Completion | null {
  const before = text.slice(0, caret);
  if (insideQuotes(before)) return null;
  const value = VALUE_BEGUN.exec(before);
  if (value) return completeValue(fieldOf(list, value[1] ?? ''), value[2] ?? '', caret);
  const begun = FIELD_BEGUN.exec(before);
  if (!begun) return null;
  const typed = begun[1] ?? '';
  const options = QUERY_FIELDS[list]
    .filter((field) => field.name.startsWith(typed.toLowerCase()))
    .map((field) => ({ text: `${field.name}:`, about: field.about }));
  return { start: caret - typed.length, end: caret, options, ask: null };
}

function completeValue(field: QueryField | undefined, typed: string, caret: number): Completion | null {
  if (!field) return null;
  const place = { start: caret - typed.length, end: caret };
  if (field.type === 'name') return { ...place, options: [], ask: { field: field.name, prefix: typed } };
  const words = field.words ?? ORDERED[field.type] ?? [];
  const options = words.filter((one) => one.startsWith(typed)).map((one) => ({ text: one, about: '' }));
  return { ...place, options, ask: null };
}

const insideQuotes = (before: string): boolean =>
  parseQuery(before, 'runs').faults.some((fault) => fault.code === 'unterminated');
