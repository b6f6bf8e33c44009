import { isId, toHex } from '@writ/kernel';
import type { Difference } from './difference';
import { HASH_BYTES, type Hashes } from './hashing';
import { latin1 } from './outline';
import type { Raised } from './report';
import { scan, Scan } from './scan';
import type { Span } from './span';

const found = new Scan();

/** What an event calls itself, as far as these are names of the product: other texts stay out of reports. */
export function nameOf(line: Uint8Array): {
  readonly event: string | null;
  readonly run: string | null;
  readonly run_seq: number | null;
} {
  if (!scan(line, found)) return { event: null, run: null, run_seq: null };
  const event = latin1(line, found.id, found.idEnd);
  const run = latin1(line, found.run, found.runEnd);
  return {
    event: isId('event', event) ? event : null,
    run: run === 'tenant' || isId('run', run) ? run : null,
    run_seq: found.seq,
  };
}

const SAYS = {
  altered: 'This line is not the one the log holds at this index.',
  missing: 'The event that the log holds at this index is not here.',
  inserted: 'The log does not hold this event.',
} as const;

/** A difference between lines and the log's leaf hashes, as the problem it is should the log be right. */
export function suspect(
  one: Difference,
  leaves: Hashes,
  at: { readonly span: Span; readonly byte: number | null; readonly indexOf: (nth: number) => number },
): Raised {
  const { span, byte, indexOf } = at;
  const line = one.fault === 'missing' ? undefined : span.lines[one.line];
  const begins = one.line < span.count ? span.bytes[one.line]! : -1;
  const here = indexOf(one.leaf);
  const home = one.fault === 'reordered' ? indexOf(one.home) : here;
  return {
    fault: one.fault,
    message:
      one.fault === 'reordered'
        ? `This event stands at index ${here}, and the log holds it at index ${home}.`
        : SAYS[one.fault],
    // Where the order departs from the log's.
    index: Math.min(here, home),
    byte: one.line >= span.count ? byte : begins < 0 ? null : begins,
    ...(line && nameOf(line)),
    expected: one.leaf < leaves.count ? hexAt(leaves.bytes, one.leaf) : null,
    found: line ? hexAt(span.leaves, one.line) : null,
  };
}

const hexAt = (hashes: Uint8Array, i: number): string => toHex(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
