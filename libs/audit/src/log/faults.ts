/**
 * Points of a round at which a test may stop the process, in order: the lease is renewed, the indices are given, the
 * checkpoints are signed, everything is written and not committed, it is committed, the checkpoints are put outside.
 */
export const LOG_FAULT_POINTS = ['leased', 'placed', 'signed', 'written', 'committed', 'kept'] as const;
export type LogFaultPoint = (typeof LOG_FAULT_POINTS)[number];

/** A no-op in production; injected, so production pays one call. */
export interface LogFaults {
  at(point: LogFaultPoint): void | Promise<void>;
}

export const noLogFaults: LogFaults = { at: () => undefined };
