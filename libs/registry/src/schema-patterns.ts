import { RE2JS, RE2JSException } from 're2js';
import { lacking, tooLarge, tooMuchWork } from './pattern-refused';
import { MAX_PLACES, translate } from './pattern-syntax';

/** What ajv asks of a compiled pattern. Its text tells patterns apart. */
export interface LinearPattern {
  readonly places: number;
  test(text: string): boolean;
  toString(): string;
}

/** Characters of a pattern as written. */
const MAX_LENGTH = 4096;
/** Places of all patterns of one schema. Compiling as many takes a fifth of a second. */
const MAX_SCHEMA_PLACES = 100_000;
/**
 * Places times UTF-16 units, over all patterns of one check. The slowest that this admits takes about a second; an
 * e-mail's pattern of 200 places reads a megabyte.
 */
const MAX_WORK = 250_000_000;

/** The patterns of one schema: each compiled once, all bounded together. */
export class SchemaPatterns {
  readonly #known = new Map<string, LinearPattern>();
  #places = 0;
  #work = 0;

  /** Runs one check of a value, to its end, with all the work of a check before it. */
  check<T>(checked: () => T): T {
    this.#work = 0;
    return checked();
  }

  /** The pattern, for this schema's checks. Throws what `linearPattern` throws, and PatternRefused for one too many. */
  compile(pattern: string): LinearPattern {
    const known = this.#known.get(pattern);
    if (known) return known;
    const linear = linearPattern(pattern, MAX_SCHEMA_PLACES - this.#places);
    this.#places += linear.places;
    const test = (text: string): boolean => {
      this.#work += linear.places * (text.length + 1);
      if (this.#work > MAX_WORK) throw tooMuchWork(pattern);
      return linear.test(text);
    };
    const bounded = { ...linear, test };
    this.#known.set(pattern, bounded);
    return bounded;
  }
}

/**
 * Compiles a pattern as `new RegExp(pattern, 'u')` means it, to be matched in time linear in the text.
 * Throws SyntaxError for what is no pattern, PatternRefused for look-around, back-references and whatever else RE2 lacks.
 */
export function linearPattern(pattern: string, room = MAX_PLACES): LinearPattern {
  if (pattern.length > MAX_LENGTH) throw tooLarge(pattern, `is longer than ${MAX_LENGTH} characters`);
  // Only parsed: a RegExp is compiled for matching when it first matches, and this one never does.
  void new RegExp(pattern, 'u');
  const { source, places } = translate(pattern);
  if (places > room)
    throw tooLarge(pattern, `and those before it have more than ${MAX_SCHEMA_PLACES} places in one schema`);
  const engine = compiled(source, pattern);
  return {
    places,
    test: (text) => engine.test(text),
    toString: () => `/${pattern}/u`,
  };
}

function compiled(source: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (error instanceof RE2JSException) throw lacking(pattern, 'something');
    throw error;
  }
}
