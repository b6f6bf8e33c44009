import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { processNamedBy } from '../session/connection-name';
import { alive, type RunningServer } from './attach';

const STOPPED_MS = 10_000;

/**
 * Several processes may share one embedded server, and any of them may have started it or have been killed: so not its
 * starter but whoever leaves last stops it. A server left running by mistake costs memory; the next start takes it over.
 */
export async function stopIfLast(server: RunningServer, stop: () => Promise<void>): Promise<void> {
  if (await usedByOthers(server.url)) return;
  await stop();
  if (!alive(server.pid)) return;
  process.kill(server.pid, 'SIGINT');
  for (const until = Date.now() + STOPPED_MS; alive(server.pid) && Date.now() < until;) await sleep(20);
}

/**
 * Whether a connection belongs to another process that lives. Our own do not count: a pool answers that it ended before
 * its connections have, and on a busy machine the server still lists them for a while. Nor do those of the dead.
 */
async function usedByOthers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return rows.map(({ name }) => processNamedBy(name)).some((pid) => pid !== process.pid && (!pid || alive(pid)));
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
