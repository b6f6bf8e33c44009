import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defaultDataDir, startEmbeddedPostgres } from '@writ/database';
import { CliError } from '../cli-error';

type Variables = { readonly [name: string]: string | undefined };

/** The Postgres a command works on, as its owner. */
export interface OwnDatabase {
  readonly url: string;
  /** For people: where the data lies. */
  readonly place: string;
  /** False when the server ran before, or is not ours to run. */
  readonly started: boolean;
  /** Leaves the server as it should be: the last to go stops the embedded one. */
  close(): Promise<void>;
}

/**
 * DATABASE_URL if it is set, otherwise the embedded cluster of WRIT_HOME, which is started unless it runs.
 * Without `create`, a cluster that was never made is an error instead of an empty one.
 */
export async function ownDatabase(env: Variables, { create }: { readonly create: boolean }): Promise<OwnDatabase> {
  const given = env['DATABASE_URL'];
  if (given) return { url: given, place: placeOf(given), started: false, close: () => Promise.resolve() };
  const dir = defaultDataDir();
  if (!create && !existsSync(join(dir, 'data'))) {
    throw new CliError({
      exit: 'failed',
      code: 'no_database',
      what: 'There is no database to work on.',
      why: `DATABASE_URL is not set, and ${dir} holds no data of \`writ dev\`.`,
      next: 'Set DATABASE_URL to the owner’s address of the database, or run `npm start` first.',
    });
  }
  const server = await startEmbeddedPostgres({ dir });
  const place = `${dir} (Postgres ${server.version}${server.attached ? ', already running' : ''})`;
  return { url: server.url, place, started: !server.attached, close: () => server.leave() };
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'DATABASE_URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname} (DATABASE_URL)`;
}
