import type { Sliced } from '@writ/rules';

/** Milliseconds of work between two looks at the event loop; the limit for a stall is 10. */
const SLICE_MS = 4;
/** `performance.now` costs about as much as parsing a short line: it is asked once in so many steps. */
const STEPS_PER_LOOK = 32;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs sliced work to its end, letting timers, sockets and leases have their turn after every few milliseconds. */
export async function inSlices<T>(work: Sliced<T>): Promise<T> {
  let began = performance.now();
  for (let steps = 1; ; steps++) {
    const step = work.next();
    if (step.done) return step.value;
    if (steps % STEPS_PER_LOOK === 0 && performance.now() - began > SLICE_MS) {
      await nextTurn();
      began = performance.now();
    }
  }
}
