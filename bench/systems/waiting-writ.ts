import { openDatabase, openGroupCommit } from '@writ/database';
import { openEngine } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { systemClock } from '@writ/kernel';
import { serve } from '../serve';
import { memoryOfWaiting } from './memory';
import { makeWorld } from './writ-system';
import { CALLER } from './writ-world';

/** Runs that wait for a signal, in the process that began them. */
serve(async ({ url, waiting = 1_000 }) => {
  const tenants = await makeWorld(url, 'waits');
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db,
    writer,
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('no model is called')) },
      tools: functionTransport({ open, functions: {} }),
    }),
    build: 'bench',
  });
  await engine.start();
  const begin = async (i: number): Promise<void> => {
    const tenant = tenants[i % tenants.length]!;
    const caller = { tenant, kind: 'user', id: CALLER, roles: [] } as const;
    const started = await engine.commands.start({ tenant, caller, workflow: 'waits', input: {} });
    if (!started.ok) throw new Error(started.failure.message);
  };
  return {
    op: () => begin(0),
    figures: () => memoryOfWaiting(waiting, begin),
    async close() {
      await engine.close(2_000);
      await writer.close();
      await db.close();
    },
  };
});
