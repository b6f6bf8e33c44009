import type { RelayAsked } from '../events';
import { branchPath } from '../path';
import type { RunState } from '../state';
import { leave } from './branches';

export function askRelay(state: RunState, { path, key, kind, target, digest, request = {} }: RelayAsked): void {
  const asked = state.relays.get(path) ?? [];
  state.relays.set(path, [...asked, { key, kind, target, digest, request }]);
}

/** The framework has answered: what it still had under way is nobody's wish any more. */
export function endRelays(state: RunState, path: string): void {
  for (const { key } of state.relays.get(path) ?? []) leave(state, branchPath(path, key));
}
