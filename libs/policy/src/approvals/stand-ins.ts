import { appendTenantEvent } from '@writ/audit';
import { raiseAuthority, type Tx } from '@writ/database';
import { type Failure, newId, ok, refuse, type Result, type StandInId, type TenantId } from '@writ/kernel';

/**
 * Somebody who is away, and who decides in their place until they are back. It gives the right of the one who is away and
 * no other, is not handed on, and counts as that one person. Times are epoch milliseconds.
 */
export interface StandIn {
  readonly tenant: TenantId;
  readonly id: StandInId;
  readonly absent: string;
  readonly deputy: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly reason: string;
  readonly setBy: string;
  readonly setAt: number;
  readonly endedAt: number | null;
  readonly endedBy: string | null;
}

export interface SetStandIn {
  readonly tenant: TenantId;
  readonly absent: string;
  readonly deputy: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly reason: string;
  /** Opaque principal id of whoever sets it. */
  readonly by: string;
  readonly now: number;
}

const DAY_MS = 86_400_000;
/** Whoever is away for longer has left, and their rights are somebody's to give anew. */
const LONGEST_MS = 92 * DAY_MS;
const PERSON = /^(user|service):./;

interface Row {
  readonly tenant: TenantId;
  readonly id: StandInId;
  readonly absent: string;
  readonly deputy: string;
  readonly starts_at: Date;
  readonly ends_at: Date;
  readonly reason: string;
  readonly set_by: string;
  readonly set_at: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
}

const COLUMNS = 'tenant, id, absent, deputy, starts_at, ends_at, reason, set_by, set_at, ended_at, ended_by';

const toStandIn = (row: Row): StandIn => ({
  tenant: row.tenant,
  id: row.id,
  absent: row.absent,
  deputy: row.deputy,
  startsAt: row.starts_at.getTime(),
  endsAt: row.ends_at.getTime(),
  reason: row.reason,
  setBy: row.set_by,
  setAt: row.set_at.getTime(),
  endedAt: row.ended_at?.getTime() ?? null,
  endedBy: row.ended_by,
});

/** Fails with `stand_in_shape` for what nobody could mean, or what would be somebody making themselves another's deputy. */
async function set(tx: Tx, input: SetStandIn): Promise<Result<StandIn>> {
  const wrong = misshapen(input);
  if (wrong !== null) return refuse(shape(wrong));
  const { tenant, absent, deputy, startsAt, endsAt, reason, by, now } = input;
  const [row] = await tx.query<Row>(
    `INSERT INTO writ.stand_in (tenant, id, absent, deputy, starts_at, ends_at, reason, set_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [tenant, newId('standIn', now), absent, deputy, new Date(startsAt), new Date(endsAt), reason, by],
  );
  const made = toStandIn(row!);
  await appendTenantEvent(tx, tenant, {
    type: 'approval.stand_in_set',
    actor: by,
    object: { type: 'stand_in', id: made.id },
    detail: { absent, deputy, from: row!.starts_at.toISOString(), until: row!.ends_at.toISOString(), reason },
  });
  return ok(made);
}

function misshapen({ absent, deputy, startsAt, endsAt, by, now }: SetStandIn): string | null {
  if (!PERSON.test(absent) || !PERSON.test(deputy)) return 'People and services decide: name user:… or service:….';
  if (absent === deputy) return 'Nobody stands in for themselves.';
  if (by === deputy)
    return 'Nobody makes themselves the one who decides for another: the one who is away, or a third person, does.';
  if (endsAt <= startsAt || endsAt <= now) return 'It ends after it begins, and not in the past.';
  return endsAt - startsAt > LONGEST_MS ? 'It is for 92 days at most.' : null;
}

/**
 * Ends it before its time, once: a second call answers the same. Null when the tenant has none of this id.
 * INVARIANT (I3): the authority epoch rises with it, so no act that rested on it commits after.
 */
async function end(
  tx: Tx,
  input: { readonly tenant: TenantId; readonly id: string; readonly reason: string; readonly by: string },
): Promise<StandIn | null> {
  const { tenant, id, by, reason } = input;
  const [ended] = await tx.query<Row>(
    `UPDATE writ.stand_in SET ended_at = clock_timestamp(), ended_by = $3
      WHERE tenant = $1 AND id = $2 AND ended_at IS NULL RETURNING ${COLUMNS}`,
    [tenant, id, by],
  );
  if (!ended) return find(tx, tenant, id);
  await appendTenantEvent(tx, tenant, {
    type: 'approval.stand_in_ended',
    actor: by,
    object: { type: 'stand_in', id },
    detail: { absent: ended.absent, deputy: ended.deputy, reason },
  });
  await raiseAuthority(tx, tenant);
  return toStandIn(ended);
}

async function find(tx: Tx, tenant: TenantId, id: string): Promise<StandIn | null> {
  const [row] = await tx.query<Row>(`SELECT ${COLUMNS} FROM writ.stand_in WHERE tenant = $1 AND id = $2`, [tenant, id]);
  return row ? toStandIn(row) : null;
}

/** Newest first; `state` `current` leaves out what is over. `after` is the id of the last one before. */
async function list(
  tx: Tx,
  query: {
    readonly tenant: TenantId;
    readonly state: 'current' | 'all';
    readonly limit: number;
    readonly after?: string;
  },
): Promise<readonly StandIn[]> {
  const rows = await tx.query<Row>(
    `SELECT ${COLUMNS} FROM writ.stand_in
      WHERE tenant = $1 AND ($2::text IS NULL OR id < $2)
        AND ($3 = 'all' OR (ended_at IS NULL AND ends_at > clock_timestamp())) ORDER BY id DESC LIMIT $4`,
    [query.tenant, query.after ?? null, query.state, query.limit],
  );
  return rows.map(toStandIn);
}

const shape = (message: string): Failure => ({ code: 'stand_in_shape', class: 'permanent', message });

/** Statements about them; each in the caller's transaction. */
export const standIns = { set, end, find, list } as const;
