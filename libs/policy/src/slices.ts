import type { Sliced } from '@writ/rules';

/** Milliseconds of work between two looks at the event loop. The limit for a stall is 10, and what cannot be cut (a body's canonical text, a collection of garbage) comes on top. */
const SLICE_MS = 1;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** When the first slice of this turn of the event loop began; null before it. */
let began: number | null = null;

/**
 * Whether this turn's share is used up. The turn is everybody's: five hundred small policies built one after the other,
 * each in less than a slice, held the loop for 80 ms when each had a clock of its own.
 */
function isTurnSpent(): boolean {
  if (began === null) {
    began = performance.now();
    setImmediate(() => (began = null));
    return false;
  }
  return performance.now() - began > SLICE_MS;
}

/** Runs sliced work to its end, letting timers, sockets and leases have their turn after every few milliseconds. */
export async function inSlices<T>(work: Sliced<T>): Promise<T> {
  for (;;) {
    // A step is some sixteen lines: looking at the clock costs a hundredth of it, and the first policy of a process,
    // before anything is compiled, takes a millisecond for each.
    if (isTurnSpent()) await nextTurn();
    const step = work.next();
    if (step.done) return step.value;
  }
}
