import type { ApprovalId, DecisionId, JsonObject } from '@writ/kernel';
import { childOf } from '../path';

/** Where one place of a run stands with people: at most one act at a time is asked about there. */
export interface ApprovalStanding {
  /** Requests that came to their end here: the number that tells the next from them. */
  ended: number;
  /** The request people are being asked now. */
  open: ApprovalId | null;
  /** The granted request that the step under way goes by. */
  used: { readonly approval: ApprovalId; readonly step: number; readonly decision: DecisionId } | null;
  /** A granted request whose arguments take the place of those the plan asks with. */
  edited: { readonly approval: ApprovalId; readonly of: ApprovalId; readonly args: JsonObject } | null;
}

/** Where an act stands: the node it is of; a read that a decision asked for is beside it. */
export const placeOf = ({ kind, path }: { readonly kind: string; readonly path: string }): string =>
  kind === 'data' || kind === 'check' ? childOf(path, `@${kind}`) : path;

/** By place. */
export type Approvals = Map<string, ApprovalStanding>;

const NOTHING: Readonly<ApprovalStanding> = Object.freeze({ ended: 0, open: null, used: null, edited: null });

export const approvalStanding = (approvals: Approvals, path: string): Readonly<ApprovalStanding> =>
  approvals.get(path) ?? NOTHING;

/** Somebody was asked about the act at this place. */
export function asked(approvals: Approvals, path: string, approval: ApprovalId): void {
  approvals.set(path, { ...approvalStanding(approvals, path), open: approval, used: null });
}

/** People answered with other arguments. */
export function edited(approvals: Approvals, path: string, change: NonNullable<ApprovalStanding['edited']>): void {
  approvals.set(path, { ...approvalStanding(approvals, path), edited: change });
}

/** The act at this place is on record: with its approval, or without one, which ends what was asked before. */
export function intended(
  approvals: Approvals,
  path: string,
  {
    approval,
    step,
    decision,
  }: { readonly approval: ApprovalId | undefined; readonly step: number; readonly decision: DecisionId },
): void {
  const standing = approvals.get(path);
  const by = approval ?? standing?.edited?.approval;
  if (by !== undefined) {
    approvals.set(path, { ...approvalStanding(approvals, path), open: null, used: { approval: by, step, decision } });
  } else if (standing?.open) ended(approvals, path);
}

/** INVARIANT: an approval is for one act. What follows at the same place asks anew, under another number. */
export function ended(approvals: Approvals, path: string): void {
  const standing = approvals.get(path);
  if (!standing || (standing.open === null && standing.used === null && standing.edited === null)) return;
  approvals.set(path, { ended: standing.ended + 1, open: null, used: null, edited: null });
}
