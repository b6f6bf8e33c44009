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

/** In a folder that is kept, or in one of its own that is gone afterwards, also when this process is killed. */
export async function openHome(keep: string | undefined): Promise<Home> {
  const folder = keep === undefined ? mkdtempSync(join(temporary(), 'writ-demo-')) : kept(keep);
  const server = await startEmbeddedPostgres({ dir: folder });
  const keeper = keep === undefined ? watchOver(server, folder) : null;
  const close = async (): Promise<void> => {
    await server.stop();
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
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
