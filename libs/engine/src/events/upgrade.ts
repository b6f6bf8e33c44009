import type { MailId } from '@writ/kernel';

/** The exact versions a run goes by: `[kind, name, digest]`, sorted, and the digest over them. */
export interface Pinned {
  readonly bill: readonly (readonly [kind: string, name: string, digest: string])[];
  readonly bill_digest: string;
}

/** Somebody wants the run moved to other versions. It is, at the next moment at which nothing is under way, if it fits. */
export interface UpgradeRequested extends Pinned {
  readonly type: 'upgrade_requested';
  readonly at: number;
  readonly mail: MailId;
  readonly by: string;
  readonly reason: string;
  /** Of the workflow. */
  readonly version: number;
}

/** From here on the run goes by the versions that were asked for; or it stays with its own, because they do not fit. */
export interface UpgradeSettled {
  readonly type: 'upgrade_settled';
  readonly at: number;
  readonly moved: boolean;
  /** Why it stays. */
  readonly because?: string;
}
