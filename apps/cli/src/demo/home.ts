import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type EmbeddedPostgres, runMigrations, startEmbeddedPostgres } from '@writ/database';
import { usage } from '../cli-error';

/** The demo's own folder and database; nothing of the user's is opened. */
export interface Home {
  /** Laid out as WRIT_HOME is. */
  readonly folder: string;
  readonly databaseUrl: string;
  readonly postgres: string;
  close(): Promise<void>;
}

/** The folder that is to be kept, which must be new; or one that goes away again. */
export const openFolder = (keep: string | undefined): string =>
  keep === undefined ? mkdtempSync(join(temporary(), 'writ-demo-')) : kept(keep);

/** A migrated database in the folder. Unless it is kept, the folder is gone afterwards, also when this process is killed. */
export async function openHome(folder: string, keep: boolean): Promise<Home> {
  const server = await startEmbeddedPostgres({ dir: folder });
  const keeper = keep ? null : watchOver(server, folder);
  const close = async (): Promise<void> => {
    await server.stop();
    if (!keep) rmSync(folder, { recursive: true, force: true });
    keeper?.();
  };
  try {
    await runMigrations(server.url);
  } catch (error) {
    await close();
    throw error;
  }
  return { folder, databaseUrl: server.url, postgres: server.version, close };
}

/** As root Postgres runs under an account of its own, which has to get there: the first place that it can enter. */
function temporary(): string {
  if (process.getuid?.() !== 0) return tmpdir();
  return [tmpdir(), '/tmp', '/var/tmp'].find(entered) ?? tmpdir();
}

function entered(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (((statSync(at, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

function kept(given: string): string {
  const folder = resolve(given);
  if (existsSync(join(folder, 'data'))) {
    const why = `${folder} holds the data of an earlier start, and the demo begins with an empty log.`;
    throw usage('The demo cannot begin there.', why, 'Name a folder that does not exist yet.');
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Answers with what tells the keeper that all is cleaned up. */
function watchOver(server: EmbeddedPostgres, folder: string): () => void {
  const args = [join(__dirname, 'keeper.js'), String(server.pid), folder];
  // In a session of its own: what ends a whole terminal must not end it first.
  const keeper = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  keeper.unref();
  return () => keeper.stdin.end('done');
}
