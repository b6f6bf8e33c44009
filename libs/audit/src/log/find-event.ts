import type { Tx } from '@writ/database';
import { sha256Hex, type TenantId, timeOfId } from '@writ/kernel';
import { readHead } from './log-rows';

/** One event, byte for byte, and where it stands in its tenant's log. */
export interface FoundEvent {
  readonly raw: string;
  /** SHA-256 of `raw`, hexadecimal: the log's entry. */
  readonly hash: string;
  /** Null while it is not sealed. */
  readonly index: number | null;
}

interface Row {
  readonly run: string;
  readonly seq: number;
  readonly events: string;
}

/** An id holds the time of its maker's clock, and is written soon after; clocks may be a day off. */
const WINDOWS_MS = [120_000, 2 * 86_400_000];

/** Finds an event by its id. Null when the tenant has none. */
export async function findEvent(tx: Tx, tenant: TenantId, id: string): Promise<FoundEvent | null> {
  const made = timeOfId(id);
  if (made === null) return null;
  for (const window of WINDOWS_MS) {
    const rows = await tx.query<Row>(
      `SELECT run, seq, writ.audit_lines(u) AS events FROM writ.audit_unit u
        WHERE tenant = $1 AND at BETWEEN $2 AND $3 AND position(split_part($4, '_', 2) IN u.events) > 0`,
      [tenant, new Date(made - window), new Date(made + window), id],
    );
    for (const row of rows) {
      const lines = row.events.split('\n');
      // An event may also name another one, as what was read or searched for.
      const at = lines.findIndex((line) => (JSON.parse(line) as { id: string }).id === id);
      if (at >= 0) return placed(tx, tenant, { ...row, raw: lines[at]!, at });
    }
  }
  return null;
}

async function placed(
  tx: Tx,
  tenant: TenantId,
  found: { readonly run: string; readonly seq: number; readonly raw: string; readonly at: number },
): Promise<FoundEvent> {
  const head = await readHead(tx, tenant);
  const [span] = await tx.query<{ first: string }>(
    `SELECT first_index + $4 - seq AS first FROM writ.log_span
      WHERE tenant = $1 AND generation = $2 AND run = $3 AND seq <= $4 AND seq + count > $4 ORDER BY seq DESC LIMIT 1`,
    [tenant, head?.generation ?? 1, found.run, found.seq],
  );
  return { raw: found.raw, hash: sha256Hex(found.raw), index: span ? Number(span.first) + found.at : null };
}
