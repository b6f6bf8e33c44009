import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ok, refuse, type Result } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { MIGRATIONS } from '../../../../migrations';
import { DatabaseFault } from '../fault';
import { encryptSecrets } from '../secrets/encrypt-secrets';
import { type SecretBox, secretBoxOf } from '../secrets/secret-box';
import { connectionName } from './connection-name';
import type { Asked } from './fitness';
import { ensureRoles } from './roles';

/** Migrators of one database take turns on this lock. */
const MIGRATION_LOCK = 1465010517;
const KNOWN_LEVEL = MIGRATIONS.length;
const log = logger('database');

/**
 * Brings the database of `ownerUrl` to this program's schema, and its stored secrets under the newest key. Safe to call from
 * several processes at once.
 */
export async function runMigrations(ownerUrl: string): Promise<void> {
  await ensureRoles(ownerUrl);
  const gate = new Client({ connectionString: ownerUrl, keepAlive: true });
  // It only waits while the levels are applied on another connection: when it breaks, that one fails, not the process.
  gate.on('error', () => undefined);
  try {
    await gate.connect();
    await gate.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await gate.query('CREATE SCHEMA IF NOT EXISTS writ');
    await refuseNewer(gate);
    const source = new DataSource({
      type: 'postgres',
      url: ownerUrl,
      schema: 'writ',
      migrations: MIGRATIONS,
      migrationsTableName: 'migration',
      migrationsTransactionMode: 'each',
      poolSize: 2,
      applicationName: connectionName('writ migrate'),
    });
    await source.initialize();
    try {
      await source.runMigrations();
    } finally {
      await source.destroy();
    }
    await encryptWith(gate, ownerUrl);
  } finally {
    await gate.end();
  }
}

/** A deployment whose services enter without passwords has no key, and keeps no secrets. */
async function encryptWith(gate: Client, ownerUrl: string): Promise<void> {
  let secrets: SecretBox;
  try {
    secrets = secretBoxOf(ownerUrl);
  } catch (error) {
    return log.warn({ error: (error as Error).message }, 'stored secrets are not encrypted');
  }
  await encryptSecrets(gate, secrets);
}

interface Level {
  readonly level: number;
  readonly breaking: boolean;
}

async function levels(client: Asked): Promise<readonly Level[]> {
  const { rows } = await client.query(`SELECT to_regclass('writ.schema_level') IS NOT NULL AS known`);
  if (!(rows[0] as { known: boolean }).known) return [];
  return (await client.query('SELECT level, breaking FROM writ.schema_level ORDER BY level')).rows as Level[];
}

async function refuseNewer(client: Client): Promise<void> {
  const breaking = (await levels(client)).find((one) => one.level > KNOWN_LEVEL && one.breaking);
  if (!breaking) return;
  throw new DatabaseFault({
    code: 'schema_too_new',
    class: 'permanent',
    message: `The database is at schema level ${breaking.level}, which programs of level ${KNOWN_LEVEL} must not use.`,
    next: 'Run the newer program.',
  });
}

/**
 * Whether this program fits the schema: not an older one (`schema_too_old`), nor a newer one that a later change marked
 * as breaking (`schema_too_new`). Newer levels that are not breaking are fine, so programs roll one by one.
 */
export async function fitsSchema(asked: Asked): Promise<Result<number>> {
  const found = await levels(asked);
  const level = found.at(-1)?.level ?? 0;
  const breaking = found.find((one) => one.level > KNOWN_LEVEL && one.breaking);
  if (level >= KNOWN_LEVEL && !breaking) return ok(level);
  return refuse({
    code: breaking ? 'schema_too_new' : 'schema_too_old',
    class: 'permanent',
    message: `The database is at schema level ${level}, this program needs ${KNOWN_LEVEL}.`,
    next: breaking ? 'Run the newer program.' : 'Run `writ migrate` as the database owner.',
  });
}

/** Throws what `fitsSchema` refuses: a service must not begin on a schema it does not fit. */
export async function requireSchema(asked: Asked): Promise<void> {
  const fits = await fitsSchema(asked);
  if (!fits.ok) throw new DatabaseFault(fits.failure);
}
