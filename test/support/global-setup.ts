import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../libs/database/src/embedded/cluster';
export default async function setup(): Promise<void> {
  const pg = await startEmbeddedPostgres({ dir: mkdtempSync(join(tmpdir(), 'writ-test-')), fsync: 'off', maxConnections: 200 });
  process.env['WRIT_TEST_CLUSTER'] = pg.url;
  (globalThis as { __pg?: { stop(): Promise<void> } }).__pg = pg;
}
