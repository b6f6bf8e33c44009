import type { ApprovalId, Failure, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import { type EligibilityQuestion, proofOwed, type Voter } from './eligibility';
import { isProven } from './quorum';

/**
 * Why a voter's yes does not count yet: they have to prove who they are, or did so too long ago; null where they have, or
 * need not. `provenAt` in epoch milliseconds.
 */
export function unproven(voter: Voter, provenAt: number | null, question: EligibilityQuestion): Failure | null {
  const owed = proofOwed(voter, question);
  if (owed === null || isProven({ proofMs: owed }, { provenAt: provenAt ?? undefined, now: question.now })) return null;
  return {
    code: 'proof_required',
    class: 'policy',
    message: `the policy wants a proof of who you are, no older than ${Math.ceil(owed / 1_000)} seconds`,
    next: 'Send your key again with POST /v1/identity/proofs (`writ prove`), then approve.',
    details: { within_ms: owed, proven_at: provenAt === null ? null : new Date(provenAt).toISOString() },
  };
}

export const proofKey = (approval: string, voter: string): string => `${approval} ${voter}`;

/** When voters last proved, for each of these requests, who they are: by `proofKey`, in epoch milliseconds. */
export async function provenFor(
  tx: Tx,
  tenant: TenantId,
  approvals: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (approvals.length === 0) return new Map();
  const rows = await tx.query<{ approval: string; voter: string; proved_at: Date }>(
    `SELECT approval, voter, max(proved_at) AS proved_at FROM writ.approval_proof
      WHERE tenant = $1 AND approval = ANY ($2) GROUP BY approval, voter`,
    [tenant, approvals],
  );
  return new Map(rows.map(({ approval, voter, proved_at: at }) => [proofKey(approval, voter), at.getTime()]));
}

/** When whoever holds a credential last proved with it who they are (epoch milliseconds); null for never. */
export async function provenWith(
  tx: Tx,
  of: { readonly tenant: TenantId; readonly principal: string; readonly credential: string },
): Promise<number | null> {
  const [row] = await tx.query<{ proved_at: Date }>(
    `SELECT proved_at FROM writ.proof WHERE tenant = $1 AND credential = $2 AND principal = $3`,
    [of.tenant, of.credential, of.principal],
  );
  return row?.proved_at.getTime() ?? null;
}

/** Keeps a voter's proof beside their vote. False when it was there already. */
export async function insertProof(
  tx: Tx,
  tenant: TenantId,
  proof: { readonly approval: ApprovalId; readonly voter: string; readonly provenAt: number },
): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.approval_proof (tenant, approval, voter, proved_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, approval, voter, proved_at) DO NOTHING RETURNING voter`,
    [tenant, proof.approval, proof.voter, new Date(proof.provenAt)],
  );
  return rows.length > 0;
}
