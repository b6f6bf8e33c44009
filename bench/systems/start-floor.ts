import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { serve } from '../serve';
import { poster } from './http-load';

/** A bare Fastify route that makes one durable insert: what taking a start costs at the least. */
serve(async ({ url }) => {
  const child = fork(join(__dirname, 'start-floor-server.js'), [url], { stdio: ['ignore', 2, 2, 'ipc'] });
  const [address] = (await once(child, 'message')) as [string];
  const load = poster({ url: address, path: '/runs', headers: {} });
  return {
    op: () => load.post({ workflow: 'w5', input: {} }, 201),
    async close() {
      load.close();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
});
