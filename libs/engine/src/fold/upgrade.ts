import type { UpgradeRequested, UpgradeSettled } from '../events';
import type { RunState } from '../state';

export function askUpgrade(state: RunState, event: UpgradeRequested): void {
  state.mailSeen.add(event.mail);
  state.upgrade = { bill: event.bill, bill_digest: event.bill_digest };
}

export function settleUpgrade(state: RunState, { moved }: UpgradeSettled): void {
  if (moved && state.upgrade) state.pinned = state.upgrade;
  state.upgrade = null;
}
