import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseFault } from '../fault';
import { type Account, spawnOptions } from './account';
import { dataFolder, passwordFile } from './attach';
import type { Binaries } from './binaries';

/**
 * Makes the cluster's folder. A new or empty one is handed to the account Postgres runs under, which must be able to
 * enter it; one that holds something else belongs to somebody, and stays theirs.
 */
export function prepareFolder(dir: string, account: Account | undefined): void {
  let made: boolean;
  try {
    made = mkdirSync(dir, { recursive: true }) !== undefined;
  } catch (error) {
    throw new DatabaseFault({
      code: 'embedded_folder_unusable',
      class: 'permanent',
      message: `${dir} cannot hold the database: ${(error as Error).message}.`,
      next: 'Set WRIT_HOME to a folder that can, or DATABASE_URL to a server of your own.',
    });
  }
  if (account && (made || readdirSync(dir).length === 0)) chownSync(dir, account.uid, account.gid);
}

export interface NewCluster {
  readonly dir: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** False for clusters of a test, which nobody needs after a crash of the machine. */
  readonly sync: boolean;
}

/**
 * Makes the cluster beside its final place and publishes it, password included, by one rename: of two starts at once
 * one wins and both use its cluster, and a start killed half way leaves no half cluster.
 */
export function initialise(cluster: NewCluster): void {
  const { dir, binaries, account } = cluster;
  const draft = `${dataFolder(dir)}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const secret = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(secret, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (account) for (const path of [draft, secret]) chownSync(path, account.uid, account.gid);
  try {
    const args = ['-D', draft, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8'];
    if (!cluster.sync) args.push('--no-sync');
    const made = spawnSync(join(binaries.bin, 'initdb'), [...args, '--locale=C'], {
      ...spawnOptions(account),
      encoding: 'utf8',
    });
    if (made.status !== 0) {
      throw new DatabaseFault({
        code: 'embedded_init_failed',
        class: 'permanent',
        message: `initdb could not make a cluster in ${dir}: ${(made.error?.message ?? made.stderr).trim()}`,
        next: 'Check that the account Postgres runs under can enter the folder, or set WRIT_HOME or DATABASE_URL.',
      });
    }
    renameSync(secret, join(draft, 'writ.password'));
    publish(draft, dir);
  } finally {
    rmSync(draft, { recursive: true, force: true });
    rmSync(secret, { force: true });
  }
}

function publish(draft: string, dir: string): void {
  try {
    renameSync(draft, dataFolder(dir));
  } catch (error) {
    // Another start was first: its cluster is the one. Anything else in that place is not ours to replace.
    if (!existsSync(passwordFile(dir))) throw error;
  }
}
