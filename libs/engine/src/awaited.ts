import type { WaitFor } from './events';
import type { RunState } from './state';

type Signal = RunState['signals'][number];

/** The first signal that ends a wait: of its name, and of its correlation where it asks for one. */
export function awaited(state: RunState, wait: Extract<WaitFor, { for: 'signal' }>): Signal | undefined {
  const { signal, correlation } = wait;
  return state.signals.find(
    (one) => !one.taken && one.name === signal && (correlation === undefined || one.correlation === correlation),
  );
}
