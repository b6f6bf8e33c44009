import type { SpawnSyncOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The account Postgres runs under when we are root: it refuses uid 0. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** `postgres`, else `nobody`, from the passwd file; undefined when we are not root and can run it ourselves. */
export function serviceAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = new Map<string, Account>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name !== undefined && uid !== undefined) accounts.set(name, { uid: Number(uid), gid: Number(gid) });
  }
  return accounts.get('postgres') ?? accounts.get('nobody') ?? { uid: 65534, gid: 65534 };
}

/** A bare environment: neither our secrets nor a PG* variable reach the server. */
export function spawnOptions(account: Account | undefined): SpawnSyncOptions {
  return { ...account, cwd: '/', env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } };
}
