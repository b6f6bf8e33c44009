import { RE2JS, RE2JSException } from 're2js';
import { lacking, PatternRefused, quoted, tooLarge } from './pattern-refused';
import { MAX_PLACES, translate } from './pattern-syntax';

/** What ajv asks of a compiled pattern. Its text tells patterns apart. */
export interface LinearPattern {
  readonly places: number;
  test(text: string): boolean;
  toString(): string;
}

/** Characters of a pattern as written. */
const MAX_LENGTH = 4096;
/**
 * Places times UTF-16 units, over all patterns of one check. The slowest that this admits takes about a second; an
 * e-mail's pattern of 200 places reads a megabyte.
 */
const MAX_WORK = 250_000_000;

let work = 0;

/** Each check of a value begins with all of its work before it. */
export function beginCheck(): void {
  work = 0;
}

/** Places of all patterns of one schema. Compiling as many takes a fifth of a second. */
const MAX_SCHEMA_PLACES = 100_000;

/** Compiles the patterns of one schema, each once, and refuses one too many. */
export function patternsOfSchema(): (pattern: string) => LinearPattern {
  const known = new Map<string, LinearPattern>();
  let sum = 0;
  return (pattern) => {
    let found = known.get(pattern);
    if (!found) {
      found = linearPattern(pattern, MAX_SCHEMA_PLACES - sum);
      sum += found.places;
      known.set(pattern, found);
    }
    return found;
  };
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
    test: (text) => {
      work += places * (text.length + 1);
      if (work > MAX_WORK) {
        throw new PatternRefused(
          `${quoted(pattern)} and the patterns before it would take too long on a value of this size`,
          'Send a shorter value, or bound it by maxLength and give the pattern smaller repeats.',
        );
      }
      return engine.test(text);
    },
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
