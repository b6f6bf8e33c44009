import { createHmac } from 'node:crypto';
import { Client } from 'pg';

/** Who a connection is. `owner` migrates; the services are `writer`, `sequencer` or `reader`, and own nothing. */
export type Role = 'owner' | 'writer' | 'sequencer' | 'reader';
export const SERVICE_ROLES = ['writer', 'sequencer', 'reader'] as const;

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
const TUPLE_CONCURRENTLY_UPDATED = 'XX000';

/** The services' passwords follow from one secret: WRIT_SECRET, or the owner's own password. Nothing else to hand out. */
const passwordOf = (adminUrl: string, role: string): string =>
  createHmac('sha256', process.env['WRIT_SECRET'] ?? decodeURIComponent(new URL(adminUrl).password))
    .update(role)
    .digest('hex');

/**
 * The address under which a service connects. WRIT_WRITER_URL, WRIT_SEQUENCER_URL and WRIT_READER_URL name one outright,
 * for deployments whose services must not know the owner's.
 */
export function roleUrl(adminUrl: string, role: Role): string {
  if (role === 'owner') return adminUrl;
  const given = process.env[`WRIT_${role.toUpperCase()}_URL`];
  if (given) return given;
  const url = new URL(adminUrl);
  url.username = `writ_${role}`;
  url.password = passwordOf(adminUrl, url.username);
  return url.href;
}

/**
 * Creates the services' login roles, or sets their passwords anew. Roles belong to the cluster, not to a database, so
 * several migrators may race here; whoever loses finds what it wanted.
 */
export async function ensureRoles(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    for (const role of SERVICE_ROLES) {
      const name = `writ_${role}`;
      // Hexadecimal by construction, so it needs no quoting; role statements take no parameters.
      const rights = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '${passwordOf(adminUrl, name)}'`;
      await ignoring([DUPLICATE_OBJECT, UNIQUE_VIOLATION], () => client.query(`CREATE ROLE ${name} ${rights}`));
      await ignoring([TUPLE_CONCURRENTLY_UPDATED], () => client.query(`ALTER ROLE ${name} ${rights}`));
    }
  } finally {
    await client.end();
  }
}

async function ignoring(codes: readonly string[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!codes.includes(String((error as { code?: string }).code))) throw error;
  }
}
