import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, openEngine } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { systemClock } from '@writ/kernel';
import { serve } from '../serve';
import { stepResult } from '../workload';

/** One worker of a fleet: leads whatever it hears of, over the database that the fleet's starter made. */
serve(async ({ url, concurrency, redis }) => {
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db,
    writer,
    wakeUp: new BullWakeUp(redis!, 2 * concurrency),
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('W5 calls no model')) },
      tools: functionTransport({ open, functions: { step: ({ step }) => stepResult(Number(step)) } }),
    }),
    options: { concurrency, heartbeatMs: 2_000, sweepMs: 1_000, mailMs: 250 },
    build: 'bench',
  });
  await engine.start();
  return {
    op: () => Promise.reject(new Error('a worker of a fleet starts nothing')),
    /** What this process spent in that time. */
    async figures(ms) {
      const before = { cpu: process.cpuUsage(), batches: writer.stats().batches, units: writer.stats().units };
      await sleep(ms);
      const { user, system } = process.cpuUsage(before.cpu);
      const { batches, units } = writer.stats();
      return { cpuMs: (user + system) / 1_000, batches: batches - before.batches, units: units - before.units };
    },
    async close() {
      await engine.close(2_000);
      await writer.close();
      await db.close();
    },
  };
});
