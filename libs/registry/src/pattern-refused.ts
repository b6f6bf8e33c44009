import { SchemaRefused } from './schema-refused';

/** A pattern that cannot be checked in time linear in the text, or a check whose patterns would take too long. */
export class PatternRefused extends SchemaRefused {
  override readonly code = 'schema_pattern_refused';
}

/** RE2 takes no bound above this, nested bounds multiplied. */
export const MAX_REPEAT = 1000;

const quoted = (pattern: string): string =>
  `the pattern ${JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern)}`;

export const unbounded = (pattern: string, what: string): PatternRefused =>
  new PatternRefused(
    `${quoted(pattern)} has ${what}: matching it would take time that grows without bound`,
    'Write the pattern without look-around and back-references: with classes, alternatives and repeats; what it leaves out can be a second schema under "not" or "allOf".',
  );

export const lacking = (pattern: string, what: string): PatternRefused =>
  new PatternRefused(
    `${quoted(pattern)} has ${what}, which the engine that matches in linear time does not know`,
    'Write the pattern with classes, alternatives and bounded repeats.',
  );

export const tooLarge = (pattern: string, what: string): PatternRefused =>
  new PatternRefused(
    `${quoted(pattern)} ${what}`,
    `Bound the length by minLength and maxLength, and repeats by at most ${MAX_REPEAT}.`,
  );

export const tooMuchWork = (pattern: string): PatternRefused =>
  new PatternRefused(
    `${quoted(pattern)} and the patterns before it would take too long on a value of this size`,
    'Send a shorter value, or bound it by maxLength and give the pattern smaller repeats.',
  );
