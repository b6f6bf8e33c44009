import { join } from 'node:path';
import { ownPostgres } from '../support/fleet';
import { freshHome, ROOT, writ } from './dev-server';
import { Service } from './service';

describe('a worker as a process', () => {
  it('told to stop when its database is already gone, ends by itself in bounded time and says that it failed', async () => {
    const fresh = freshHome();
    // The worker below is started from dist; any command of the CLI builds what is stale first.
    writ(fresh.env, 'version');
    const postgres = await ownPostgres();
    const main = join(ROOT, 'dist', 'apps', 'worker', 'src', 'main.js');
    const worker = new Service(['node', '--enable-source-maps', main], {
      ...fresh.env,
      DATABASE_URL: postgres.url,
      WRIT_LOG_LEVEL: 'info',
    });
    await worker.says(/"leading"/);
    postgres.kill();
    const asked = Date.now();
    expect(await worker.send('SIGTERM')).toBe(1);
    const took = Date.now() - asked;
    process.stdout.write(`a worker without its database took ${took} ms to stop\n`);
    expect(worker.log).toContain('closing');
    await postgres.close();
    fresh.remove();
  });
});
