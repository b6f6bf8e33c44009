import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '@writ/database';
import { serve } from '../serve';
import { openSealing } from './sealing';

/** Seals what a fleet commits, in a process of its own, so that what it costs is counted apart. */
serve(async ({ url }) => {
  const db = await openDatabase({ url, role: 'writer', poolSize: 2 });
  const sealing = await openSealing(url, db);
  return {
    op: () => Promise.reject(new Error('a sealer starts nothing')),
    async figures(ms) {
      const before = process.cpuUsage();
      await sleep(ms);
      const { user, system } = process.cpuUsage(before);
      return { cpuMs: (user + system) / 1_000, lagMs: sealing.watch.lagMs };
    },
    async close() {
      await sealing.close();
      await db.close();
    },
  };
});
