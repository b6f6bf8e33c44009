import {
  type ApprovalId,
  canonicalJson,
  type DecisionId,
  derivedId,
  digestOf,
  type Failure,
  isId,
  type JsonObject,
  ok,
  refuse,
  type Result,
  sha256Hex,
  type TenantId,
  timeOfId,
} from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { Snapshot } from '../snapshot';
import type { Decision, DecisionRequest } from '../types';
import { type AskedAct, type Binding, bindingOf, differsIn, documentOf, type RequestDocument } from './binding';
import { expire } from './consider';
import { noteApproval } from './events';
import {
  type Approval,
  APPROVAL_COLUMNS,
  approvalById,
  authorsOf,
  countable,
  endApproval,
  insertApproval,
  toApproval,
  votesOf,
} from './store';
import { weigh } from './weigh';

/** What an application asked, as it asked it: subject without the agents that act for it, action, thing, context. */
export type BoundQuestion = JsonObject & {
  readonly subject: JsonObject;
  readonly action: JsonObject;
  readonly resource: JsonObject;
  readonly context: JsonObject;
};

/** A denial that may be asked about, for as long as it may be. */
export interface Denial {
  readonly evaluation: DecisionId;
  /** Principal id of the enforcer that was denied. */
  readonly enforcer: string;
  readonly question: BoundQuestion;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A denial may be asked about for so long. */
const OFFER_MS = 600_000;
/** Denials that can be asked about no more are remembered as long again, to be told from unknown ones. */
const KEPT_MS = 86_400_000;
/** Requests of no run that nobody answered in time, ended at once. */
const MOST_OVERDUE = 100;

/** Whether people could answer what a decision asks: nobody outside can be made to prove who they are. */
const isRequestable = (decision: Decision): boolean =>
  decision.verdict === 'ask' && decision.obligations.every(({ type }) => type !== 'step_up');

async function noteDenials(tx: Tx, tenant: TenantId, denials: readonly Denial[]): Promise<void> {
  if (denials.length === 0) return;
  await tx.query(`DELETE FROM writ.access_denial WHERE tenant = $1 AND expires_at < $2`, [
    tenant,
    new Date(denials[0]!.expiresAt - OFFER_MS - KEPT_MS),
  ]);
  await tx.query(
    `INSERT INTO writ.access_denial (tenant, evaluation, enforcer, question, expires_at)
     SELECT $1, one.* FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) AS one ON CONFLICT DO NOTHING`,
    [
      tenant,
      denials.map(({ evaluation }) => evaluation),
      denials.map(({ enforcer }) => enforcer),
      denials.map(({ question }) => canonicalJson(question)),
      denials.map(({ expiresAt }) => new Date(expiresAt)),
    ],
  );
}

/** The denial an enforcer was given; null for one that was never, or to another. */
async function denialOf(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly evaluation: string; readonly enforcer: string },
): Promise<Denial | null> {
  const [row] = await tx.query<{ question: string; expires_at: Date }>(
    `SELECT question, expires_at FROM writ.access_denial WHERE tenant = $1 AND evaluation = $2 AND enforcer = $3`,
    [of.tenant, of.evaluation, of.enforcer],
  );
  if (!row) return null;
  const { evaluation, enforcer } = of;
  const question = JSON.parse(row.question) as BoundQuestion;
  return { evaluation: evaluation as DecisionId, enforcer, question, expiresAt: row.expires_at.getTime() };
}

/** What an enforcer wants, beside what it was denied. */
export interface Wanted {
  readonly denial: Denial;
  /** Made now, from the question of the denial. */
  readonly request: DecisionRequest;
  readonly decision: Decision;
  readonly snapshot: Snapshot;
  /** Until when access is wanted at most (epoch milliseconds). */
  readonly until: number | null;
  /** Why, in the words of whoever wants it. */
  readonly reason: string;
  readonly now: number;
}

/**
 * Asks people about access to a thing of an application. The same denial asks once, and so does the same question while it
 * is pending; what else was wanted the first time counts. Refuses `duplicate_request` where it was something else.
 */
async function request(tx: Tx, tenant: TenantId, wanted: Wanted): Promise<Result<Approval>> {
  const { denial, now } = wanted;
  await endOverdue(tx, tenant, now);
  const asked = askedOf(wanted, denial.question);
  const id = accessIdOf(tenant, denial.evaluation);
  const before =
    (await approvalById(tx, { tenant, id, lock: true })) ??
    (await alike(tx, tenant, { asked, enforcer: denial.enforcer }));
  const wants = { until: wanted.until, reason: wanted.reason };
  if (before) {
    const { until, reason } = before.document.access!;
    const same = before.id !== id || (until === wants.until && reason === wants.reason);
    return same ? ok(before) : refuse(DUPLICATE);
  }
  const plain = documentOf(asked, []);
  const lines = plain.rules.map(({ line }) => line);
  const made = documentOf(asked, await authorsOf(tx, tenant, lines));
  const access = { enforcer: denial.enforcer, evaluation: denial.evaluation, ...wants };
  const document: RequestDocument = { ...made, terms: { ...made.terms, editable: false }, access };
  await insertApproval(tx, tenant, { id, run: null, path: '', document, now });
  const approval = await approvalById(tx, { tenant, id, lock: true });
  if (!approval) throw new Error(`approval ${id} was inserted and is not there`);
  await noteApproval(tx, tenant, {
    type: 'approval.requested',
    actor: denial.enforcer,
    approval,
    detail: {
      decision: wanted.decision.id,
      evaluation: denial.evaluation,
      basis: document.binding.basis,
      args: document.binding.args_digest,
      expires_at: new Date(approval.expiresAt).toISOString(),
    },
  });
  return ok(approval);
}

const accessIdOf = (tenant: TenantId, evaluation: DecisionId): ApprovalId =>
  derivedId('approval', timeOfId(evaluation) ?? 0, sha256Hex(canonicalJson([tenant, 'access', evaluation])));

const askedOf = (
  {
    request,
    decision,
    snapshot,
    denial,
  }: Pick<Wanted, 'request' | 'decision' | 'snapshot'> & {
    readonly denial: Pick<Denial, 'enforcer'>;
  },
  question: BoundQuestion,
): AskedAct => ({
  request,
  decision,
  snapshot,
  args: question,
  argsDigest: digestOf(canonicalJson(question)),
  targetDigest: '',
  caller: denial.enforcer,
});

/** The same question of the same enforcer that people are being asked already. */
async function alike(
  tx: Tx,
  tenant: TenantId,
  { asked, enforcer }: { readonly asked: AskedAct; readonly enforcer: string },
): Promise<Approval | null> {
  const { action, object, initiator } = asked.request;
  const rows = await tx.query<Parameters<typeof toApproval>[0]>(
    `SELECT ${APPROVAL_COLUMNS} FROM writ.approval
      WHERE tenant = $1 AND run IS NULL AND status = 'pending' AND action = $2 AND target = $3 AND initiator = $4
      ORDER BY id`,
    [tenant, action, object.type, initiator.id],
  );
  const binding = bindingOf(asked);
  const found = rows.map(toApproval).find(({ document }) => {
    return document.access?.enforcer === enforcer && differsIn(document.binding, binding) === null;
  });
  return found ?? null;
}

async function endOverdue(tx: Tx, tenant: TenantId, now: number): Promise<void> {
  const rows = await tx.query<Parameters<typeof toApproval>[0]>(
    `SELECT ${APPROVAL_COLUMNS} FROM writ.approval
      WHERE tenant = $1 AND run IS NULL AND status = 'pending' AND expires_at <= $2
      ORDER BY expires_at LIMIT ${MOST_OVERDUE} FOR UPDATE SKIP LOCKED`,
    [tenant, new Date(now)],
  );
  for (const row of rows) await expire(tx, toApproval(row), now);
}

interface Mine {
  readonly tenant: TenantId;
  readonly id: string;
  readonly enforcer: string;
  readonly now: number;
}

/** A request as it stands now, for the enforcer that made it; null for every other. One whose time is over is ended. */
async function standing(tx: Tx, { tenant, id, enforcer, now }: Mine): Promise<Approval | null> {
  if (!isId('approval', id)) return null;
  const approval = await approvalById(tx, { tenant, id, lock: true });
  if (approval?.document.access?.enforcer !== enforcer) return null;
  if (approval.status !== 'pending' || now < approval.expiresAt) return approval;
  await expire(tx, approval, now);
  return approvalById(tx, { tenant, id, lock: false });
}

/** Takes a pending request back. Refuses `unknown_task`, `invalid_task_state`. */
async function cancel(tx: Tx, mine: Mine): Promise<Result<Approval>> {
  const approval = await standing(tx, mine);
  if (!approval) return refuse(UNKNOWN);
  if (approval.status !== 'pending') return refuse(notPending(approval.status));
  const { tenant, id, enforcer, now } = mine;
  await endApproval(tx, approval, { status: 'withdrawn', by: enforcer, reason: 'cancelled', now });
  await noteApproval(tx, tenant, { type: 'approval.withdrawn', actor: enforcer, approval, outcome: 'cancelled' });
  return ok((await approvalById(tx, { tenant, id, lock: false }))!);
}

/** Until when a granted request is good (epoch milliseconds); null for one that is not granted. */
function goodUntil({ document, status, resolvedAt }: Approval): number | null {
  if (document.access === undefined || status !== 'approved' || resolvedAt === null) return null;
  return Math.min(resolvedAt + document.terms.validMs!, document.access.until ?? Infinity);
}

/** Why a reference to an approval helps nothing, and what may: asking anew, waiting, or nothing. */
export interface Unhelpful {
  readonly kind: 'unfit';
  readonly reason: 'approval_unverifiable' | 'approval_expired' | 'out_of_scope' | 'grant_pending';
  readonly next: 'request' | 'retry' | 'none';
}

export type AccessUse = { readonly kind: 'granted'; readonly decision: Decision; readonly until: number } | Unhelpful;

const unfit = (reason: Unhelpful['reason'], next: Unhelpful['next']): Unhelpful => ({ kind: 'unfit', reason, next });

/**
 * Whether a granted request makes an allow of a question that the policy asks about, now. INVARIANT: it is good for the
 * enforcer that asked and the question as it was asked, until its time is over, and as long as what it rested on and those
 * who granted it are what they were. `question` is what is asked now.
 */
async function use(
  tx: Tx,
  id: string,
  now: Omit<Wanted, 'until' | 'reason' | 'denial'> & {
    readonly tenant: TenantId;
    readonly enforcer: string;
    readonly question: BoundQuestion;
  },
): Promise<AccessUse> {
  const { tenant, enforcer } = now;
  const approval = isId('approval', id) ? await approvalById(tx, { tenant, id, lock: false }) : null;
  const access = approval?.document.access;
  if (!approval || access?.enforcer !== enforcer) return unfit('approval_unverifiable', 'none');
  if (approval.status === 'pending') return unfit('grant_pending', 'retry');
  const until = goodUntil(approval);
  if (until === null || now.now >= until) return unfit('approval_expired', 'request');
  const bound = approval.document.args as BoundQuestion;
  const question = { ...now.question, context: only(now.question.context, Object.keys(bound.context)) };
  const binding = bindingOf(askedOf({ ...now, denial: { enforcer } }, question));
  if (outOfScope(approval.document.binding, binding)) return unfit('out_of_scope', 'request');
  const votes = await countable(tx, tenant, await votesOf(tx, tenant, [approval.id]));
  const { decision, snapshot } = now;
  const weighed = weigh({ approval, again: true, votes, binding, decision, snapshot, now: now.now });
  return weighed.kind === 'granted' ? { ...weighed, until } : unfit('approval_expired', 'request');
}

const outOfScope = (bound: Binding, now: Binding): boolean => differsIn({ ...bound, basis: now.basis }, now) !== null;

const only = (members: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]])));

const DUPLICATE: Failure = {
  code: 'duplicate_request',
  class: 'permanent',
  message: 'this denial was asked about before, with other wishes',
  next: 'Go on with the task of the first request.',
};
const UNKNOWN: Failure = {
  code: 'unknown_task',
  class: 'permanent',
  message: 'there is no such request of yours',
};
const notPending = (status: string): Failure => ({
  code: 'invalid_task_state',
  class: 'permanent',
  message: `the request is ${status} and cannot be taken back`,
});

/** Requests for access to things of applications; each in the caller's transaction. */
export const access = {
  noteDenials,
  denialOf,
  request,
  standing,
  cancel,
  goodUntil,
  isRequestable,
  use,
  OFFER_MS,
} as const;
