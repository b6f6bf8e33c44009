import { digestOf } from './hash';

const PREFIX_LENGTH = 'sha256:'.length;
/** Hexadecimal digits that are read: 48 bits, which a number holds exactly. */
const DIGITS = 12;
const SPAN = 2 ** (4 * DIGITS);

/**
 * Where a run falls in the draw of those that people look at afterwards: a number from 0 up to and without 1, the first 48 bits
 * of SHA-256 over `writ review 1`, the seed and the run's id, each ended by a line feed. It is drawn when the number is below
 * the share of its tier. Whoever has the three can tell again, and nobody can choose.
 */
export function drawOf(seed: string, run: string): number {
  const digest = digestOf(`writ review 1\n${seed}\n${run}\n`);
  return Number.parseInt(digest.slice(PREFIX_LENGTH, PREFIX_LENGTH + DIGITS), 16) / SPAN;
}
