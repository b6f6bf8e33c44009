/** How a run can end. */
export const FINAL_STATUSES = [
  'succeeded',
  'failed',
  'timed_out',
  'denied',
  'cancelled',
  'stopped',
  'quarantined',
] as const;

/**
 * Where a run stands. `queued` and `running` move by themselves; the `waiting_…` states and `paused` wait for something
 * named in `wait`; the rest are final.
 */
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting_approval',
  'waiting_input',
  'waiting_external',
  'waiting_reconciliation',
  'paused',
  ...FINAL_STATUSES,
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

const FINAL: ReadonlySet<RunStatus> = new Set(FINAL_STATUSES);

export const isFinal = (status: RunStatus): boolean => FINAL.has(status);
