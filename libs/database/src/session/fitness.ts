import { DatabaseFault } from '../fault';

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
