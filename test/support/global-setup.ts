import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdCluster } from './cluster';

const ROOT = join(__dirname, '..', '..');

/** Jest maps no module names here, so the launcher is taken from the built tree. */
function builtDatabaseRoom(): typeof import('@writ/database') {
  const entry = join(ROOT, 'dist', 'libs', 'database', 'src', 'index.js');
  if (!existsSync(entry)) throw new Error('nothing is built yet: run `npm run build`, or the tests by `npm test`.');
  return require(entry) as typeof import('@writ/database');
}

/** Processes that are killed leave V8's cache as it was: what they load is put there by one that ends. */
function warmCache(): void {
  if (process.env['NODE_COMPILE_CACHE'] === undefined) return;
  const rooms = ['engine', 'audit', 'gateways', 'database', 'policy'].map((room) =>
    join(ROOT, 'dist/libs', room, 'src'),
  );
  const load = rooms.map((room) => `require(${JSON.stringify(room)})`).join(';');
  spawn(process.execPath, ['-e', load], { stdio: 'ignore' }).unref();
}

/**
 * One private cluster for the whole run; every suite takes databases of its own from it (`freshDatabase`). It does not
 * flush to disk unless WRIT_TEST_DURABLE=1: what most tests kill is processes, and those lose nothing the kernel has;
 * a test that kills the server starts one of its own. WRIT_TEST_DATABASE_URL names a server (as its superuser) to use
 * instead.
 */
export default async function setup(): Promise<void> {
  warmCache();
  const given = process.env['WRIT_TEST_DATABASE_URL'];
  if (given) {
    process.env['WRIT_TEST_CLUSTER'] = given;
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'writ-test-'));
  const fsync = process.env['WRIT_TEST_DURABLE'] === '1' ? 'on' : 'off';
  const cluster = await builtDatabaseRoom().startEmbeddedPostgres({ dir, fsync, maxConnections: 400 });
  const keeper = spawn(process.execPath, [join(__dirname, 'cluster-keeper.mjs'), String(cluster.pid), dir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  process.env['WRIT_TEST_CLUSTER'] = cluster.url;
  holdCluster(keeper);
}
