import type { Json } from '@writ/kernel';
import { parse as parseYaml } from 'yaml';

/** Characters that hold a word together: an address, a date or a path is one word, a sentence is many. */
const WORD = /[\p{L}\p{N}]+(?:[-_.@:/+]+[\p{L}\p{N}]+)*/gu;
const BAR = '|';

/**
 * A text as its words, each between bars: what stands in it is found by comparing whole words, in their order. A piece of
 * a word is another value (`5` is not in `2024-05-20`), and so is one joined otherwise (`bob-good.com` is not
 * `bob@good.com`). Empty for a text without a letter or a digit: such a value stands nowhere.
 */
export function wordsOf(text: string): string {
  const words = text.toLowerCase().match(WORD);
  return words === null ? '' : `${BAR}${words.join(BAR)}${BAR}`;
}

/** Every value of an argument or an answer that may carry something: texts and numbers, through lists and objects. */
export function* leavesOf(value: Json | undefined, keys = false): Generator<string | number> {
  if (typeof value === 'string' || typeof value === 'number') yield value;
  else if (Array.isArray(value)) for (const one of value) yield* leavesOf(one as Json, keys);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value as { readonly [key: string]: Json })) {
      if (keys) yield key;
      yield* leavesOf(one, keys);
    }
  }
}

/** Words of everything in a value; keys count, since what an answer holds as a key it says as well. */
export const allWords = (value: Json): string => wordsOf([...leavesOf(value, true)].join(' \n '));

/** Longer texts are read as JSON or not at all: YAML takes a second for a megabyte, and a worker has other runs. */
const MOST_YAML = 65_536;

/** An answer as structure: what it is, or what its text reads as (JSON, YAML); null where it is neither. */
function structureOf(value: Json): Json {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    if (value.length > MOST_YAML) return null;
  }
  try {
    return parseYaml(value, { maxAliasCount: 0, logLevel: 'error' }) as Json;
  } catch {
    return null;
  }
}

/** The whole values at the places of an answer that its tool vouches for. */
export function vouchedIn(value: Json, pointers: readonly string[]): ReadonlySet<string> {
  const root = pointers.length === 0 ? null : structureOf(value);
  const found = new Set<string>();
  if (root === null) return found;
  for (const pointer of pointers) {
    let places: readonly Json[] = [root];
    for (const step of pointer.slice(1).split('/')) places = places.flatMap((place) => below(place, step));
    for (const place of places) if (typeof place === 'string' || typeof place === 'number') found.add(String(place));
  }
  return found;
}

function below(place: Json, step: string): readonly Json[] {
  if (typeof place !== 'object' || place === null) return [];
  if (Array.isArray(place)) return step === '*' ? place : [];
  const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
  return Object.hasOwn(place, key) ? [(place as { readonly [key: string]: Json })[key]!] : [];
}
