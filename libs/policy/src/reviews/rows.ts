import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { RiskTier, RunStatus } from '@writ/words';

/** A run that was drawn for people to look at, and what they found. Times are epoch milliseconds. */
export interface Review {
  readonly tenant: TenantId;
  readonly id: string;
  readonly run: RunId;
  readonly workflow: string;
  readonly initiator: string;
  /** Who called for the initiator. */
  readonly caller: string;
  readonly tier: RiskTier;
  /** Digest of the policy it was drawn under. */
  readonly policy: string;
  readonly seed: string;
  /** Of 1. */
  readonly share: number;
  /** `always`: runs that end so are all looked at. */
  readonly why: 'share' | 'always';
  readonly drawnAt: number;
  readonly dueAt: number;
  readonly claimedBy: string | null;
  readonly claimedAt: number | null;
  readonly verdict: 'fine' | 'concern' | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  /** How the run ended, and when. */
  readonly status: RunStatus;
  readonly endedAt: number;
}

interface Row {
  readonly tenant: TenantId;
  readonly id: string;
  readonly run: RunId;
  readonly workflow: string;
  readonly initiator: string;
  readonly caller: string;
  readonly tier: RiskTier;
  readonly policy: string;
  readonly seed: string;
  readonly share: number;
  readonly why: Review['why'];
  readonly drawn_at: Date;
  readonly due_at: Date;
  readonly claimed_by: string | null;
  readonly claimed_at: Date | null;
  readonly verdict: Review['verdict'];
  readonly note: string | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly status: RunStatus;
  readonly finished_at: Date;
}

const SELECT = `
  SELECT v.tenant, v.id, v.run, v.workflow, v.initiator, v.caller, v.tier, v.policy, v.seed, v.share, v.why, v.drawn_at,
         v.due_at, v.claimed_by, v.claimed_at, v.verdict, v.note, v.decided_by, v.decided_at, r.status, r.finished_at
    FROM writ.review v JOIN writ.run r ON r.tenant = v.tenant AND r.id = v.run AND r.finished_at IS NOT NULL`;

const toReview = (row: Row): Review => ({
  tenant: row.tenant,
  id: row.id,
  run: row.run,
  workflow: row.workflow,
  initiator: row.initiator,
  caller: row.caller,
  tier: row.tier,
  policy: row.policy,
  seed: row.seed,
  share: row.share,
  why: row.why,
  drawnAt: row.drawn_at.getTime(),
  dueAt: row.due_at.getTime(),
  claimedBy: row.claimed_by,
  claimedAt: row.claimed_at?.getTime() ?? null,
  verdict: row.verdict,
  note: row.note,
  decidedBy: row.decided_by,
  decidedAt: row.decided_at?.getTime() ?? null,
  status: row.status,
  endedAt: row.finished_at.getTime(),
});

export type NewReview = Pick<
  Review,
  'tenant' | 'id' | 'run' | 'workflow' | 'initiator' | 'caller' | 'tier' | 'policy' | 'seed' | 'share' | 'why'
> & { readonly withinDays: number };

/** False when the run was drawn before: by whoever led it and died before it ended. One draw of a run counts. */
export async function insertReview(tx: Tx, made: NewReview): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO writ.review (tenant, id, run, workflow, initiator, caller, tier, policy, seed, share, why, due_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + make_interval(days => $12))
     ON CONFLICT (tenant, run) DO NOTHING RETURNING id`,
    [
      made.tenant,
      made.id,
      made.run,
      made.workflow,
      made.initiator,
      made.caller,
      made.tier,
      made.policy,
      made.seed,
      made.share,
      made.why,
      made.withinDays,
    ],
  );
  return rows.length > 0;
}

export async function reviewById(
  tx: Tx,
  key: { readonly tenant: TenantId; readonly id: string; readonly lock?: boolean },
): Promise<Review | null> {
  const [row] = await tx.query<Row>(
    `${SELECT} WHERE v.tenant = $1 AND v.id = $2 ${key.lock === true ? 'FOR UPDATE OF v' : ''}`,
    [key.tenant, key.id],
  );
  return row ? toReview(row) : null;
}

export interface ReviewQuery {
  readonly tenant: TenantId;
  readonly state: 'open' | 'decided' | 'all';
  readonly tier: RiskTier | null;
  readonly verdict: Review['verdict'];
  readonly run: RunId | null;
  readonly limit: number;
  /** Id of the last one of the page before. */
  readonly after: string | null;
}

/** What is open, that which is due first; otherwise newest first. */
export async function listReviews(
  tx: Tx,
  query: ReviewQuery,
): Promise<{ readonly data: readonly Review[]; readonly next: string | null }> {
  const open = query.state === 'open';
  // By the row itself: a time that went out in milliseconds would come back as an earlier one.
  const beyond = open
    ? `(v.due_at, v.id) > (SELECT a.due_at, a.id FROM writ.review a WHERE a.tenant = $1 AND a.id = $6)`
    : 'v.id < $6';
  const rows = await tx.query<Row>(
    `${SELECT}
      WHERE v.tenant = $1 AND ($2 = 'all' OR (v.verdict IS NULL) = ($2 = 'open')) AND ($3::text IS NULL OR v.tier = $3)
        AND ($4::text IS NULL OR v.verdict = $4) AND ($5::text IS NULL OR v.run = $5)
        AND ($6::text IS NULL OR ${beyond})
      ORDER BY ${open ? 'v.due_at, v.id' : 'v.id DESC'} LIMIT $7`,
    [query.tenant, query.state, query.tier, query.verdict, query.run, query.after, query.limit + 1],
  );
  const data = rows.slice(0, query.limit).map(toReview);
  return { data, next: rows.length > query.limit ? (data.at(-1)?.id ?? null) : null };
}

type Key = Pick<Review, 'tenant' | 'id'>;

/** Of a review that this transaction has locked. */
export async function keepClaim(
  tx: Tx,
  { tenant, id }: Key,
  { by, now }: { readonly by: string | null; readonly now: number },
): Promise<void> {
  await tx.query(`UPDATE writ.review SET claimed_by = $3, claimed_at = $4 WHERE tenant = $1 AND id = $2`, [
    tenant,
    id,
    by,
    by === null ? null : new Date(now),
  ]);
}

/** Of a review that this transaction has locked. */
export async function keepVerdict(
  tx: Tx,
  { tenant, id }: Key,
  given: {
    readonly verdict: 'fine' | 'concern';
    readonly note: string;
    readonly salt: string;
    readonly by: string;
    readonly now: number;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.review SET verdict = $3, note = $4, note_salt = $5, decided_by = $6, decided_at = $7,
                            claimed_by = NULL, claimed_at = NULL
      WHERE tenant = $1 AND id = $2`,
    [tenant, id, given.verdict, given.note, given.salt, given.by, new Date(given.now)],
  );
}
