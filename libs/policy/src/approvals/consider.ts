import {
  type ApprovalId,
  canonicalJson,
  derivedId,
  digestOf,
  type RunId,
  sha256Hex,
  type TenantId,
  timeOfId,
} from '@writ/kernel';
import type { Database, Tx } from '@writ/database';
import type { Decision } from '../types';
import { type AskedAct, bindingOf, differsIn, documentOf } from './binding';
import { noteApproval } from './events';
import {
  type Approval,
  approvalById,
  authorsOf,
  countable,
  endApproval,
  insertApproval,
  noteEscalated,
  noteUsed,
  votesOf,
} from './store';
import { refusedBy, weigh } from './weigh';

/** The act that is asked about, and where in its run it stands. */
export interface Place {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly path: string;
  /** The model's call it answers. */
  readonly call: string | null;
  /** Requests that came to their end here: the number that tells the next from them. */
  readonly ended: number;
  /** A granted request the act goes by already: its arguments were edited, or it is tried again. */
  readonly held: ApprovalId | null;
  /** True when the step under way went by its approval before: another try of the same act. */
  readonly again: boolean;
}

/** A request that fits no longer, and why. */
export interface Gone {
  readonly approval: ApprovalId;
  readonly reason: string;
}

/**
 * - granted: the act may happen now, under this decision
 * - refused: people said no, or nobody answered in time
 * - wait: people are being asked; look again at `lookAt`
 * - replan: the edited arguments are void, so what the plan asks for itself comes next
 */
export type Considered = { readonly gone: readonly Gone[] } & (
  | { readonly kind: 'granted' | 'refused'; readonly decision: Decision; readonly approval: ApprovalId }
  | { readonly kind: 'wait'; readonly approval: ApprovalId; readonly lookAt: number }
  | { readonly kind: 'replan' }
);

type Looked =
  | { readonly kind: 'granted' | 'refused'; readonly decision: Decision }
  | { readonly kind: 'wait'; readonly approval: ApprovalId; readonly lookAt: number }
  | { readonly kind: 'gone'; readonly reason: string };

/**
 * What an `ask` comes to, now. The request is durable when this returns `wait`, so nobody ever waits for a question that
 * was not put. Its id follows from the act and its place: tried again after a crash, the same act asks the same.
 */
export async function considerAsk(
  db: Database,
  place: Place,
  { asked, now }: { readonly asked: AskedAct; readonly now: number },
): Promise<Considered> {
  const gone: Gone[] = [];
  const { held, tenant } = place;
  for (let number = place.ended; ; number++) {
    const approval = held ?? approvalIdOf(place, asked, number);
    const looked = await db.withTenant(tenant, (tx) => look(tx, place, { asked, now, approval }));
    if (looked.kind === 'wait') return { ...looked, gone };
    if (looked.kind !== 'gone') return { ...looked, approval, gone };
    gone.push({ approval, reason: looked.reason });
    if (held !== null) return { kind: 'replan', gone };
  }
}

function approvalIdOf({ tenant, run, path, call }: Place, { request, argsDigest }: AskedAct, number: number) {
  const seed = [tenant, run, path, call, request.action, request.object.id, argsDigest, number];
  return derivedId('approval', timeOfId(run) ?? 0, sha256Hex(canonicalJson(seed)));
}

interface Question {
  readonly asked: AskedAct;
  readonly now: number;
  readonly approval: ApprovalId;
}

/** One look at one request, with its row locked: people may be voting, and its time may be over. */
async function look(tx: Tx, place: Place, { asked, now, approval: id }: Question): Promise<Looked> {
  const { tenant } = place;
  const found = await approvalById(tx, { tenant, id, lock: true });
  if (!found) return ask(tx, place, { asked, now, approval: id });
  switch (found.status) {
    case 'pending':
      return pending(tx, found, { asked, now });
    case 'approved':
    case 'used':
      return use(tx, found, { asked, now, again: place.again });
    case 'rejected':
    case 'expired':
      return { kind: 'refused', decision: refusedBy(asked.decision, found) };
    case 'withdrawn':
      return { kind: 'gone', reason: found.reason ?? 'withdrawn' };
    case 'replaced': {
      const { replacedBy } = found;
      const next = replacedBy && (await approvalById(tx, { tenant, id: replacedBy, lock: true }));
      return next ? successor(tx, next, { asked, now }) : { kind: 'gone', reason: 'replaced' };
    }
  }
}

const actorOf = ({ request }: AskedAct): string => {
  const agent = request.chain.at(-1)?.agent;
  return agent === undefined ? request.initiator.id : `agent:${agent}`;
};

async function ask(tx: Tx, place: Place, { asked, now, approval: id }: Question): Promise<Looked> {
  const { tenant, run, path } = place;
  const without = documentOf(asked, []);
  const authors = await authorsOf(
    tx,
    tenant,
    without.rules.map(({ line }) => line),
  );
  const document = documentOf(asked, authors);
  await insertApproval(tx, tenant, { id, run, path, document, now });
  const made = await approvalById(tx, { tenant, id, lock: false });
  if (!made) throw new Error(`approval ${id} was inserted and is not there`);
  await noteApproval(tx, tenant, {
    type: 'approval.requested',
    actor: actorOf(asked),
    approval: made,
    detail: {
      decision: asked.decision.id,
      basis: document.binding.basis,
      args: document.binding.args_digest,
      definition: document.binding.target_digest,
      chain: document.binding.chain_digest,
      expires_at: new Date(made.expiresAt).toISOString(),
    },
  });
  return waitFor(made, now);
}

/** The next moment at which something about a request changes by itself. */
function waitFor({ id, expiresAt, escalatesAt, escalatedAt }: Approval, now: number): Looked {
  const escalation = escalatedAt === null && escalatesAt !== null && escalatesAt > now ? escalatesAt : expiresAt;
  return { kind: 'wait', approval: id, lookAt: Math.min(expiresAt, escalation) };
}

type Now = { readonly asked: AskedAct; readonly now: number };

async function pending(tx: Tx, approval: Approval, { asked, now }: Now): Promise<Looked> {
  const difference = differsIn(approval.document.binding, bindingOf(asked));
  if (difference !== null) return withdraw(tx, approval, { reason: difference, actor: actorOf(asked), now });
  return timed(tx, approval, { asked, now });
}

async function timed(tx: Tx, approval: Approval, { asked, now }: Now): Promise<Looked> {
  const { tenant, expiresAt, escalatesAt } = approval;
  if (now >= expiresAt) {
    await expire(tx, approval, now);
    return { kind: 'refused', decision: refusedBy(asked.decision, { ...approval, status: 'expired' }) };
  }
  if (escalatesAt !== null && now >= escalatesAt && (await noteEscalated(tx, approval, now))) {
    await noteApproval(tx, tenant, { type: 'approval.escalated', actor: actorOf(asked), approval });
  }
  return waitFor(approval, now);
}

/** INVARIANT: whoever is first to see that the time is over ends it, and the end is a denial. */
export async function expire(tx: Tx, approval: Approval, now: number): Promise<void> {
  await endApproval(tx, approval, { status: 'expired', by: null, reason: 'nobody_answered', now });
  await noteApproval(tx, approval.tenant, {
    type: 'approval.expired',
    actor: approval.document.access?.enforcer ?? approval.initiator,
    approval,
    outcome: 'expired',
  });
}

/** The arguments were edited by people: their request is the one to look at. Its letter brings the arguments. */
async function successor(tx: Tx, next: Approval, now: Now): Promise<Looked> {
  switch (next.status) {
    case 'pending':
      return timed(tx, next, now);
    case 'rejected':
    case 'expired':
      return { kind: 'refused', decision: refusedBy(now.asked.decision, next) };
    case 'approved':
    case 'used':
      return { kind: 'wait', approval: next.id, lookAt: next.expiresAt };
    default:
      return { kind: 'gone', reason: next.reason ?? 'replaced' };
  }
}

async function use(tx: Tx, approval: Approval, at: Now & { readonly again: boolean }): Promise<Looked> {
  const { asked, now, again } = at;
  const { tenant, id } = approval;
  const votes = await countable(tx, tenant, await votesOf(tx, tenant, [id]));
  const { decision, snapshot } = asked;
  const weighed = weigh({ approval, again, votes, binding: bindingOf(asked), decision, snapshot, now });
  if (weighed.kind === 'granted') return weighed;
  if (approval.status === 'used') return { kind: 'gone', reason: weighed.reason };
  return withdraw(tx, approval, { reason: weighed.reason, actor: actorOf(asked), now });
}

async function withdraw(
  tx: Tx,
  approval: Approval,
  { reason, actor, now }: { readonly reason: string; readonly actor: string; readonly now: number },
): Promise<Looked> {
  await endApproval(tx, approval, { status: 'withdrawn', by: null, reason, now });
  await noteApproval(tx, approval.tenant, { type: 'approval.withdrawn', actor, approval, outcome: reason });
  return { kind: 'gone', reason };
}

/** Ends requests that nobody needs answered any more: the run is over, or the act needs no approval now. */
export async function withdrawAll(
  db: Database,
  of: { readonly tenant: TenantId; readonly approvals: readonly ApprovalId[] },
  end: { readonly reason: string; readonly now: number },
): Promise<void> {
  if (of.approvals.length === 0) return;
  await db.withTenant(of.tenant, async (tx) => {
    for (const id of of.approvals) {
      const found = await approvalById(tx, { tenant: of.tenant, id, lock: true });
      if (!found || (found.status !== 'pending' && found.status !== 'approved')) continue;
      await withdraw(tx, found, { ...end, actor: found.initiator });
    }
  });
}

/** Notes in the inbox that the act is on record: the run's own journal and evidence say so already. */
export async function markUsed(
  db: Database,
  of: { readonly tenant: TenantId; readonly approval: ApprovalId },
  used: { readonly step: number; readonly decision: string; readonly now: number },
): Promise<void> {
  const { tenant, approval: id } = of;
  await db.withTenant(tenant, async (tx) => {
    if (!(await noteUsed(tx, { tenant, id }, used.now))) return;
    const approval = await approvalById(tx, { tenant, id, lock: false });
    if (!approval) return;
    const { agent, initiator } = approval;
    await noteApproval(tx, tenant, {
      type: 'approval.used',
      actor: agent === null ? initiator : `agent:${agent}`,
      approval,
      outcome: 'used',
      detail: { step: used.step, decision: used.decision },
    });
  });
}

/** Digest of arguments as approvals bind them. */
export const argsDigestOf = (args: AskedAct['args']): string => digestOf(canonicalJson(args));
