import { DatabaseFault } from '../fault';
import type { Role } from './roles';

export type Asked = { query(text: string): Promise<{ rows: unknown[] }> };

/** An acknowledged commit must survive a crash: everything the product promises rests on it. Throws `durability_off`. */
export async function checkDurability(asked: Asked): Promise<void> {
  const { rows } = await asked.query(
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
            current_setting('full_page_writes') AS full_page_writes`,
  );
  const off = Object.entries(rows[0] as Record<string, string>).filter(([, value]) => value === 'off');
  if (off.length === 0) return;
  throw new DatabaseFault({
    code: 'durability_off',
    class: 'permanent',
    message: `The server runs with ${off.map(([name]) => `${name}=off`).join(', ')}: a crash could lose acknowledged commits.`,
    next: 'Turn it on in postgresql.conf and restart the server.',
  });
}

/** Row security does not bind a superuser, nor a role that may bypass it [I11]. Throws `role_too_strong`. */
export async function checkRole(asked: Asked): Promise<void> {
  const { rows } = await asked.query(
    `SELECT rolname AS name, rolsuper OR rolbypassrls AS bypasses FROM pg_roles WHERE rolname = current_user`,
  );
  const role = rows[0] as { readonly name: string; readonly bypasses: boolean } | undefined;
  if (role?.bypasses === false) return;
  throw new DatabaseFault({
    code: 'role_too_strong',
    class: 'permanent',
    message: `The role ${role?.name ?? 'of this connection'} bypasses row-level security, so tenants would see each other.`,
    next: 'Connect the services as writ_writer, writ_sequencer or writ_reader, without SUPERUSER and BYPASSRLS.',
  });
}

const NO_LOGIN: ReadonlySet<unknown> = new Set(['28P01', '28000']);

/**
 * Says `login_refused` where the server let nobody in, and throws anything else as it is. The services' roles are made by
 * the first migration, so a database that never had one refuses them at the door.
 */
export function refuseLogin(error: unknown, role: Role): never {
  if (!NO_LOGIN.has((error as { code?: unknown }).code)) throw error;
  const message = `the database refuses to log in the role of the ${role}`;
  const next = 'Run `writ migrate` as the database owner, which makes the services’ roles and sets their passwords.';
  throw new DatabaseFault({ code: 'login_refused', class: 'permanent', message, next }, { cause: error });
}
