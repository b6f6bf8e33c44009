import type { Json } from '@writ/kernel';
import { parsePointer } from '@writ/rules';
import type { Obligation } from '../types';
import { dutiesOf, markOf, type Terms } from './terms';

const REDACTED = '[redacted]';

/** Whom an answer is given to, for a mark on it. */
export interface GivenTo {
  readonly for: string;
  /** Empty where no agent acts. */
  readonly agent: string;
  readonly run: string;
  /** RFC 3339 UTC. */
  readonly time: string;
}

/**
 * What a tool answered, without what its obligations withhold, and marked where that is owed. Redaction comes first: what is
 * taken away is not shown in part; marks come last: they stand as they are. An answer that is one text is read as JSON where it is JSON, since many tools answer so; it stays a text.
 */
export function withheld(answer: Json, obligations: readonly Obligation[], given: GivenTo): Json {
  const redactions = dutiesOf(obligations, 'redact');
  const masks = dutiesOf(obligations, 'mask_output');
  const marks = dutiesOf(obligations, 'watermark');
  if (redactions.length === 0 && masks.length === 0 && marks.length === 0) return answer;
  const inText = typeof answer === 'string' ? parsed(answer) : undefined;
  let value = inText ?? answer;
  for (const { terms } of redactions) {
    for (const field of terms.fields) value = replaced(value, parsePointer(field)!, () => REDACTED);
  }
  for (const { terms } of masks) {
    const hide = (one: Json): Json => masked(one, terms.keep_last);
    if (terms.fields === undefined) value = hide(value);
    else for (const field of terms.fields) value = replaced(value, parsePointer(field)!, hide);
  }
  for (const { terms } of marks) value = marked(value, terms, given);
  return inText === undefined ? value : JSON.stringify(value);
}

function marked(value: Json, { text, fields }: Terms<'watermark'>, given: GivenTo): Json {
  const mark = (one: Json): Json => (typeof one === 'string' ? `${one}\n[${markOf(text, given)}]` : one);
  // An answer that is one text has no members: all of it is marked.
  if (fields === undefined || typeof value === 'string') return mark(value);
  return fields.reduce<Json>((marking, field) => replaced(marking, parsePointer(field)!, mark), value);
}

/** The members of a text that is a JSON object or list; undefined for every other text. */
function parsed(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

type Steps = readonly string[];

/** A copy in which what the steps lead to is changed; a step `*` leads to every item and member. */
function replaced(value: Json, steps: Steps, change: (value: Json) => Json): Json {
  const [step, ...rest] = steps;
  if (step === undefined) return change(value);
  if (typeof value !== 'object' || value === null) return value;
  const isHere = (key: string): boolean => step === '*' || step === key;
  if (Array.isArray(value)) {
    return value.map((item: Json, i) => (isHere(String(i)) ? replaced(item, rest, change) : item));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, isHere(key) ? replaced(member as Json, rest, change) : member]),
  ) as Json;
}

/** Texts down to their last characters, numbers as if they were texts; names of members and truths stay. */
function masked(value: Json, keep: number): Json {
  if (typeof value === 'string' || typeof value === 'number') {
    const characters = [...String(value)];
    // A text that is hardly longer than what may be shown would be shown whole.
    const shown = characters.length >= 2 * keep ? characters.slice(characters.length - keep).join('') : '';
    return `•••${shown}`;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => masked(item, keep));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member as Json, keep)])) as Json;
}
