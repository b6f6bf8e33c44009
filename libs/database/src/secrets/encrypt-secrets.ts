import type { Client } from 'pg';
import { logger } from '@writ/telemetry';
import type { SecretBox } from './secret-box';

/** Where secrets are kept. The name of the table is the first part of what each is encrypted for. */
const PLACES = [
  ['trigger', 'secret'],
  ['trigger', 'secret_before'],
  ['subscription', 'secret'],
] as const;
const AT_ONCE = 500;
const log = logger('database');

interface Kept {
  readonly tenant: string;
  readonly id: string;
  readonly kept: string;
}

/**
 * Encrypts with the newest key whatever is kept in the open or under a key before it, in every tenant, as the owner. What
 * cannot be decrypted stays as it is, and is told in the log. Answers how many were encrypted.
 */
export async function encryptSecrets(client: Pick<Client, 'query'>, secrets: SecretBox): Promise<number> {
  let encrypted = 0;
  for (const [table, column] of PLACES) {
    let last: Pick<Kept, 'tenant' | 'id'> = { tenant: '', id: '' };
    for (;;) {
      const { rows } = await client.query<Kept>(
        `SELECT tenant, id, ${column} AS kept FROM writ.${table}
          WHERE ${column} <> '' AND NOT starts_with(${column}, $1) AND (tenant, id) > ($2, $3)
          ORDER BY tenant, id LIMIT ${AT_ONCE}`,
        [secrets.mark, last.tenant, last.id],
      );
      for (const row of rows) {
        const about = `${table}/${row.tenant}/${row.id}`;
        const text = opened(secrets, row.kept, about);
        if (text === null) continue;
        // Who rotates it at this moment has encrypted it already.
        const { rowCount } = await client.query(
          `UPDATE writ.${table} SET ${column} = $3 WHERE tenant = $1 AND id = $2 AND ${column} = $4`,
          [row.tenant, row.id, secrets.encrypt(text, about), row.kept],
        );
        encrypted += rowCount ?? 0;
      }
      if (rows.length < AT_ONCE) break;
      last = rows.at(-1)!;
    }
  }
  if (encrypted > 0) log.info({ encrypted }, 'stored secrets were encrypted with the newest key');
  return encrypted;
}

function opened(secrets: SecretBox, kept: string, about: string): string | null {
  try {
    return secrets.decrypt(kept, about);
  } catch (error) {
    log.warn({ about, error: (error as Error).message }, 'a stored secret stays as it is');
    return null;
  }
}
