import { createHmac } from 'node:crypto';
import { Client } from 'pg';
import { DatabaseFault } from '../fault';
import { scramVerifier } from './scram';

/** Who a connection is. `owner` migrates; the services are `writer`, `sequencer` or `reader`, and own nothing. */
export type Role = 'owner' | 'writer' | 'sequencer' | 'reader';
const SERVICE_ROLES = ['writer', 'sequencer', 'reader'] as const;

const DUPLICATE_OBJECT = '42710';
const UNIQUE_VIOLATION = '23505';
/** "tuple concurrently updated": another migrator sets the same password at this moment. */
const CONCURRENTLY_UPDATED = 'XX000';
const LOGIN_REFUSED = ['28P01', '28000'];

/**
 * The services' passwords follow from one secret: WRIT_SECRET, or the owner's own password. Nothing else to hand out.
 * Throws `no_role_secret` where there is neither: from an empty secret anybody could work the passwords out.
 */
function passwordOf(adminUrl: string, role: string): string {
  const secret = process.env['WRIT_SECRET'] || decodeURIComponent(new URL(adminUrl).password);
  if (secret !== '') return createHmac('sha256', secret).update(role).digest('hex');
  throw new DatabaseFault({
    code: 'no_role_secret',
    class: 'permanent',
    message: `There is nothing to derive the password of ${role} from: the owner's address holds no password.`,
    next: "Set WRIT_SECRET, the same for every process, or put the owner's password into DATABASE_URL.",
  });
}

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
 * Creates the services' login roles where they are missing, and sets their passwords where they do not fit the secret.
 * Roles belong to the cluster, not to a database, so migrators of many databases may race here: a role that already
 * lets us in is left alone, and whoever loses a race finds what it wanted.
 */
export async function ensureRoles(adminUrl: string): Promise<void> {
  const admin = new Client({ connectionString: adminUrl });
  // It waits while a role tries its password on another connection: when it breaks, its next query fails, not the process.
  admin.on('error', () => undefined);
  try {
    await admin.connect();
    for (const role of SERVICE_ROLES) await ensureRole(admin, { adminUrl, role });
  } finally {
    await admin.end();
  }
}

async function ensureRole(admin: Client, of: { readonly adminUrl: string; readonly role: Role }): Promise<void> {
  const name = `writ_${of.role}`;
  const url = new URL(roleUrl(of.adminUrl, of.role));
  const password = url.username === name ? decodeURIComponent(url.password) : passwordOf(of.adminUrl, name);
  // Role statements take no parameters. The verifier is base64 and colons by construction, so it needs no escaping.
  const login = `LOGIN PASSWORD '${scramVerifier(password)}'`;
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (rowCount === 0) {
    const made = await unless([DUPLICATE_OBJECT, UNIQUE_VIOLATION], () => admin.query(`CREATE ROLE ${name} ${login}`));
    if (made) return;
  }
  if (await opens(url.href)) return;
  await unless([CONCURRENTLY_UPDATED], () => admin.query(`ALTER ROLE ${name} ${login}`));
}

async function opens(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    return await unless(LOGIN_REFUSED, () => client.connect());
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether the work was done; false when it failed with one of these SQLSTATEs. */
async function unless(codes: readonly string[], work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (codes.includes(String((error as { code?: string }).code))) return false;
    throw error;
  }
}
