import type { ApprovalId, TenantId } from '@writ/kernel';
import { appendTenantEvents, type TenantEvent } from '@writ/audit';
import type { Tx } from '@writ/database';
import type { Approval } from './store';

/** What happens to a request, as evidence in the tenant's own stream: runs do not write there, people do. */
export type ApprovalEvent =
  | 'approval.requested'
  | 'approval.voted'
  | 'approval.commented'
  | 'approval.granted'
  | 'approval.rejected'
  | 'approval.expired'
  | 'approval.escalated'
  | 'approval.withdrawn'
  | 'approval.edited'
  | 'approval.used';

export interface Happened {
  readonly type: ApprovalEvent;
  /** Opaque principal id; the agent or workflow for what a run does. */
  readonly actor: string;
  readonly approval: Pick<Approval, 'id' | 'run' | 'action' | 'target'>;
  readonly detail?: TenantEvent['detail'];
  readonly outcome?: string;
}

const eventOf = ({ type, actor, approval, detail, outcome }: Happened): TenantEvent => ({
  type,
  actor,
  action: approval.action,
  object: { type: 'approval', id: approval.id },
  approval: approval.id,
  ...(outcome !== undefined && { outcome }),
  detail: { ...(approval.run !== null && { run: approval.run }), target: approval.target, ...detail },
});

/** Notes what happened, in order, durable with the caller's transaction. */
export const noteApproval = (tx: Tx, tenant: TenantId, ...happened: readonly Happened[]): Promise<void> =>
  appendTenantEvents(tx, tenant, happened.map(eventOf));

/** The letter that tells a run what people answered. */
export interface ApprovalBody {
  readonly approval: ApprovalId;
  readonly path: string;
  readonly verdict: 'approved' | 'rejected';
  /** Who resolved it. */
  readonly by: string;
  /** Arguments in place of those that were asked about, and the request they replaced. */
  readonly edited?: { readonly of: ApprovalId; readonly args: Approval['document']['args'] };
}
