import type { Sliced } from '@writ/rules';

/** Milliseconds of work between two looks at the event loop. The limit for a stall is 10, and what cannot be cut (a body's canonical text, a collection of garbage) comes on top. */
const SLICE_MS = 2;
/** `performance.now` costs about as much as parsing a short line: it is asked once in so many steps. */
const STEPS_PER_LOOK = 16;

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
  for (let steps = 0; ; steps++) {
    if (steps % STEPS_PER_LOOK === 0 && isTurnSpent()) await nextTurn();
    const step = work.next();
    if (step.done) return step.value;
  }
}
