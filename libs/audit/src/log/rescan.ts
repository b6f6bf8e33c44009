import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { notSealed } from './log-rows';
import type { Growth } from './log-rows';
import { HASH_BYTES } from './tiles';

interface Unsealed {
  readonly run: string;
  readonly seq: number;
  readonly hashes: Buffer;
}

const SPAN_EVENTS = 256;

interface Place {
  readonly generation: number;
  readonly size: string;
  readonly from: string;
  readonly run: string;
  readonly seq: number;
}

const NEXT_KEYS = `
  SELECT u.run, u.seq FROM writ.audit_unit u
   WHERE u.tenant = $1 AND (u.run, u.seq) > ($2, $3) ORDER BY u.run, u.seq LIMIT $4`;

const BETWEEN = `
  SELECT u.run, u.seq, u.hashes FROM writ.audit_unit u
   WHERE u.tenant = $1 AND (u.run, u.seq) > ($3, $4) AND (u.run, u.seq) <= ($5, $6) AND ${notSealed('$2')}
   ORDER BY u.run, u.seq`;

const SINCE = `
  SELECT u.run, u.seq, u.hashes FROM writ.audit_unit u
   WHERE u.tenant = $1 AND ${notSealed('$2')}
     AND u.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
     AND (u.xid >= pg_snapshot_xmax($3::pg_snapshot)::text::bigint
          OR u.xid = ANY (ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip($3::pg_snapshot) x)))
   ORDER BY u.run, u.seq`;

const PLACE = `
  INSERT INTO writ.log_span (tenant, generation, first_index, run, seq, count)
  SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::int[], $6::int[])`;

/**
 * Seals a log from the evidence itself, in the order of runs, about `most` units further: for logs that were passed over
 * while they refused, and for those opened anew, whose rows may bear transaction numbers of another server. The last
 * call goes once more through what was written since the rescan began, and ends it; from the next round on the log grows
 * like the others. Null when the log is not being rescanned. Needs REPEATABLE READ.
 */
export async function rescanUnits(tx: Tx, tenant: TenantId | '*', most: number): Promise<Growth | null> {
  await tx.query(`SELECT set_config('writ.tenants', $1, true)`, [`${tenant},*`]);
  const [at] = await tx.query<Place>(
    `SELECT generation, size, rescan_from::text AS from, rescan_run AS run, rescan_seq AS seq
       FROM writ.log_head WHERE tenant = $1 AND state = 'open' AND rescan_from IS NOT NULL`,
    [tenant],
  );
  if (!at) return null;
  const keys = await tx.query<{ run: string; seq: number }>(NEXT_KEYS, [tenant, at.run, at.seq, most]);
  const last = keys.at(-1);
  const units = last
    ? await tx.query<Unsealed>(BETWEEN, [tenant, at.generation, at.run, at.seq, last.run, last.seq])
    : [];
  const size = Number(at.size);
  const log = { tenant, generation: at.generation };
  let placed = await place(tx, { ...log, size }, units);
  if (keys.length < most) {
    // After the insert above, so that nothing is found twice.
    const later = await tx.query<Unsealed>(SINCE, [tenant, at.generation, at.from]);
    placed = Buffer.concat([placed, await place(tx, { ...log, size: size + placed.length / HASH_BYTES }, later)]);
  }
  await moveOn(tx, tenant, keys.length < most ? null : last!);
  return { ...log, size, entries: placed, announced: true };
}

async function place(
  tx: Tx,
  log: { readonly tenant: TenantId | '*'; readonly generation: number; readonly size: number },
  units: readonly Unsealed[],
): Promise<Buffer> {
  if (units.length === 0) return Buffer.alloc(0);
  const spans = spansOf(units, log.size);
  await tx.query(PLACE, [
    log.tenant,
    log.generation,
    spans.map(({ first }) => first),
    spans.map(({ run }) => run),
    spans.map(({ seq }) => seq),
    spans.map(({ count }) => count),
  ]);
  return Buffer.concat(units.map(({ hashes }) => hashes));
}

interface Span {
  readonly first: number;
  readonly run: string;
  readonly seq: number;
  count: number;
}

/** Units of one run that follow each other share a span, as `seal_units` has it. */
function spansOf(units: readonly Unsealed[], size: number): Span[] {
  const spans: Span[] = [];
  let next = size;
  for (const { run, seq, hashes } of units) {
    const count = hashes.length / HASH_BYTES;
    const last = spans.at(-1);
    if (last?.run === run && last.seq + last.count === seq && last.count < SPAN_EVENTS) last.count += count;
    else spans.push({ first: next, run, seq, count });
    next += count;
  }
  return spans;
}

async function moveOn(
  tx: Tx,
  tenant: TenantId | '*',
  to: { readonly run: string; readonly seq: number } | null,
): Promise<void> {
  await tx.query(
    `UPDATE writ.log_head SET rescan_run = $2, rescan_seq = $3,
            rescan_from = CASE WHEN $2::text IS NOT NULL THEN rescan_from END WHERE tenant = $1`,
    [tenant, to?.run ?? null, to?.seq ?? null],
  );
}
