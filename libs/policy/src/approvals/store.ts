import { type ApprovalId, canonicalJson, type PrincipalKind, type RunId, type TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { ApprovalStatus } from '@writ/words';
import { type RequestDocument, rolesOf } from './binding';
import type { Voter } from './eligibility';
import { proofKey, provenFor } from './proof';
import type { Vote } from './quorum';
import { escalatesAfter } from './terms';

/** One request to people. Times are epoch milliseconds. */
export interface Approval {
  readonly tenant: TenantId;
  readonly id: ApprovalId;
  /** Null for a request for access to a thing of an application. */
  readonly run: RunId | null;
  readonly workflow: string;
  /** Node of the workflow that waits. */
  readonly path: string;
  readonly action: string;
  readonly target: string;
  readonly agent: string | null;
  readonly initiator: string;
  readonly status: ApprovalStatus;
  readonly reason: string | null;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly escalatesAt: number | null;
  readonly escalatedAt: number | null;
  readonly resolvedAt: number | null;
  readonly resolvedBy: string | null;
  readonly usedAt: number | null;
  readonly replacedBy: ApprovalId | null;
  readonly document: RequestDocument;
}

interface Row {
  readonly tenant: TenantId;
  readonly id: ApprovalId;
  readonly run: RunId | null;
  readonly workflow: string;
  readonly path: string;
  readonly action: string;
  readonly target: string;
  readonly agent: string | null;
  readonly initiator: string;
  readonly status: ApprovalStatus;
  readonly reason: string | null;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly escalates_at: Date | null;
  readonly escalated_at: Date | null;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
  readonly used_at: Date | null;
  readonly replaced_by: ApprovalId | null;
  readonly body: string;
}

export const APPROVAL_COLUMNS =
  'tenant, id, run, workflow, path, action, target, agent, initiator, status, reason, requested_at, expires_at, ' +
  'escalates_at, escalated_at, resolved_at, resolved_by, used_at, replaced_by, body';

const at = (time: Date | null): number | null => time?.getTime() ?? null;

export const toApproval = (row: Row): Approval => ({
  tenant: row.tenant,
  id: row.id,
  run: row.run,
  workflow: row.workflow,
  path: row.path,
  action: row.action,
  target: row.target,
  agent: row.agent,
  initiator: row.initiator,
  status: row.status,
  reason: row.reason,
  requestedAt: row.requested_at.getTime(),
  expiresAt: row.expires_at.getTime(),
  escalatesAt: at(row.escalates_at),
  escalatedAt: at(row.escalated_at),
  resolvedAt: at(row.resolved_at),
  resolvedBy: row.resolved_by,
  usedAt: at(row.used_at),
  replacedBy: row.replaced_by,
  document: JSON.parse(row.body) as RequestDocument,
});

export interface NewApproval {
  readonly id: ApprovalId;
  readonly run: RunId | null;
  readonly path: string;
  readonly document: RequestDocument;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Inserts a request. False when it was there already: the same act asks once, however often it is tried. */
export async function insertApproval(tx: Tx, tenant: TenantId, made: NewApproval): Promise<boolean> {
  const { id, run, path, document, now } = made;
  const { request, terms } = document;
  const escalates = escalatesAfter(terms);
  const rows = await tx.query(
    `INSERT INTO writ.approval (tenant, id, run, workflow, path, action, target, agent, initiator, roles, body,
                                requested_at, expires_at, escalates_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (tenant, id) DO NOTHING RETURNING id`,
    [
      tenant,
      id,
      run,
      request.workflow ?? '',
      path,
      request.action,
      // The name of an application's thing may be a person's: who decides is said by its type.
      document.access === undefined ? request.object.id : request.object.type,
      request.chain.at(-1)?.agent ?? null,
      request.initiator.id,
      rolesOf(terms),
      canonicalJson(document),
      new Date(now),
      new Date(now + terms.expiresMs),
      escalates === null ? null : new Date(now + escalates),
    ],
  );
  return rows.length > 0;
}

/** One request; `lock` holds it until the transaction ends, so that it is resolved once (I12). */
export async function approvalById(
  tx: Tx,
  key: { readonly tenant: TenantId; readonly id: string; readonly lock: boolean },
): Promise<Approval | null> {
  const [row] = await tx.query<Row>(
    `SELECT ${APPROVAL_COLUMNS} FROM writ.approval WHERE tenant = $1 AND id = $2 ${key.lock ? 'FOR UPDATE' : ''}`,
    [key.tenant, key.id],
  );
  return row ? toApproval(row) : null;
}

export interface Ending {
  readonly status: Exclude<ApprovalStatus, 'pending' | 'used'>;
  readonly by: string | null;
  readonly reason: string | null;
  readonly replacedBy?: ApprovalId;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Ends a request that was locked by this transaction. */
export async function endApproval(tx: Tx, of: Pick<Approval, 'tenant' | 'id'>, end: Ending): Promise<void> {
  await tx.query(
    `UPDATE writ.approval SET status = $3, resolved_by = $4, reason = $5, resolved_at = $6, replaced_by = $7
      WHERE tenant = $1 AND id = $2`,
    [of.tenant, of.id, end.status, end.by, end.reason, new Date(end.now), end.replacedBy ?? null],
  );
}

/** Notes that the act a granted request was for is on record. Once; a repeat changes nothing. */
export async function noteUsed(tx: Tx, of: Pick<Approval, 'tenant' | 'id'>, now: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.approval SET status = 'used', used_at = $3
      WHERE tenant = $1 AND id = $2 AND status = 'approved' RETURNING id`,
    [of.tenant, of.id, new Date(now)],
  );
  return rows.length > 0;
}

/** Notes that others may decide as well from now on. */
export async function noteEscalated(tx: Tx, of: Pick<Approval, 'tenant' | 'id'>, now: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE writ.approval SET escalated_at = $3
      WHERE tenant = $1 AND id = $2 AND escalated_at IS NULL AND status = 'pending' RETURNING id`,
    [of.tenant, of.id, new Date(now)],
  );
  return rows.length > 0;
}

export interface CastVote {
  readonly id: string;
  readonly approval: ApprovalId;
  readonly voter: string;
  readonly kind: PrincipalKind;
  readonly verdict: 'approve' | 'reject' | 'comment';
  readonly comment: string;
  /** Id of the decision that let them. */
  readonly decision: string;
  /** Epoch milliseconds. */
  readonly castAt: number;
}

/** False when this voter had said the same before. */
export async function insertVote(tx: Tx, tenant: TenantId, vote: CastVote): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.approval_vote (tenant, id, approval, voter, kind, verdict, comment, decision, cast_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (tenant, approval, voter, verdict) WHERE verdict <> 'comment' DO NOTHING RETURNING id`,
    [
      tenant,
      vote.id,
      vote.approval,
      vote.voter,
      vote.kind,
      vote.verdict,
      vote.comment,
      vote.decision,
      new Date(vote.castAt),
    ],
  );
  return rows.length > 0;
}

interface VoteRow extends Omit<CastVote, 'castAt'> {
  readonly cast_at: Date;
}

/** What was said about requests, in order. */
export async function votesOf(tx: Tx, tenant: TenantId, approvals: readonly string[]): Promise<readonly CastVote[]> {
  if (approvals.length === 0) return [];
  const rows = await tx.query<VoteRow>(
    `SELECT id, approval, voter, kind, verdict, comment, decision, cast_at FROM writ.approval_vote
      WHERE tenant = $1 AND approval = ANY ($2) ORDER BY cast_at, id`,
    [tenant, approvals],
  );
  return rows.map(({ cast_at: cast, ...row }) => ({ ...row, castAt: cast.getTime() }));
}

/** Votes as they are counted: each voter with the roles that live credentials give now, and whom they stand in for. */
export async function countable(tx: Tx, tenant: TenantId, votes: readonly CastVote[]): Promise<readonly Vote[]> {
  const voters = [...new Set(votes.map(({ voter }) => voter))];
  const proven = await provenFor(tx, tenant, [...new Set(votes.map(({ approval }) => approval))]);
  const away = await standInsNow(tx, tenant, voters);
  const roles = await rolesNow(tx, tenant, voters);
  return votes.flatMap(({ voter: id, kind, verdict, approval }) => {
    const voter: Voter = { id, kind, roles: roles.get(id) ?? [], standsFor: away.get(id) ?? [] };
    const provenAt = proven.get(proofKey(approval, id));
    return verdict === 'comment' ? [] : [{ voter, verdict, ...(provenAt !== undefined && { provenAt }) }];
  });
}

/** Whom each of these stands in for, by the database's clock, with the roles that those have now. */
export async function standInsNow(
  tx: Tx,
  tenant: TenantId,
  deputies: readonly string[],
): Promise<ReadonlyMap<string, readonly Voter[]>> {
  if (deputies.length === 0) return new Map();
  const rows = await tx.query<{ deputy: string; absent: string }>(
    `SELECT DISTINCT deputy, absent FROM writ.stand_in
      WHERE tenant = $1 AND deputy = ANY ($2) AND ended_at IS NULL
        AND starts_at <= clock_timestamp() AND ends_at > clock_timestamp() ORDER BY absent`,
    [tenant, deputies],
  );
  const roles = await rolesNow(tx, tenant, [...new Set(rows.map(({ absent }) => absent))]);
  const found = new Map<string, Voter[]>();
  for (const { deputy, absent: id } of rows) {
    const kind: PrincipalKind = id.startsWith('service:') ? 'service' : 'user';
    found.set(deputy, [...(found.get(deputy) ?? []), { id, kind, roles: roles.get(id) ?? [] }]);
  }
  return found;
}

/** Roles of principals by the keys that are good now, by the database's clock. */
async function rolesNow(
  tx: Tx,
  tenant: TenantId,
  principals: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (principals.length === 0) return new Map();
  const rows = await tx.query<{ principal: string; roles: readonly string[] }>(
    `SELECT k.principal, array_agg(DISTINCT r.role) AS roles
       FROM writ.api_key k CROSS JOIN LATERAL unnest(k.roles) AS r (role)
      WHERE k.tenant = $1 AND k.principal = ANY ($2) AND k.revoked_at IS NULL AND k.expires_at > clock_timestamp()
      GROUP BY k.principal`,
    [tenant, principals],
  );
  return new Map(rows.map(({ principal, roles }) => [principal, roles]));
}

/**
 * Who first brought a rule into the tenant's policy, word for word: the authors of the oldest policies that hold each of
 * the lines. A rule that came with the tenant itself has nobody to exclude.
 */
export async function authorsOf(tx: Tx, tenant: TenantId, lines: readonly string[]): Promise<readonly string[]> {
  if (lines.length === 0) return [];
  const rows = await tx.query<{ author: string }>(
    `SELECT DISTINCT first.author
       FROM unnest($2::text[]) AS l (line)
      CROSS JOIN LATERAL (
            SELECT b.author FROM writ.policy_bundle b
             WHERE b.tenant = $1 AND position(l.line IN b.body) > 0 ORDER BY b.created_at, b.digest LIMIT 1) AS first`,
    [tenant, lines],
  );
  return rows.map(({ author }) => author);
}
