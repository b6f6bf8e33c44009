import { Client } from 'pg';
import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, openEngine } from '@writ/engine';
import { systemClock, type TenantId } from '@writ/kernel';
import { serve } from '../serve';
import { makeWorld } from './writ-system';
import { CALLER } from './writ-world';

const LOOK_MS = 5;
const nowhere = (): never => {
  throw new Error('this process takes commands only');
};

/** Starts runs that a fleet of workers leads, as a control plane does; a run counts when it is seen to have ended. */
serve(async ({ url, redis }) => {
  const tenants = await makeWorld(url, 'w5');
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db,
    writer,
    wakeUp: new BullWakeUp(redis!),
    doors: () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: () => Promise.resolve() } }),
    leads: false,
    build: 'bench',
  });
  await engine.start();
  const watcher = new Client({ connectionString: url });
  await watcher.connect();
  const waiting = new Map<string, { readonly tenant: TenantId; readonly ended: () => void }>();
  let looking = false;
  const timer = setInterval(() => {
    if (looking || waiting.size === 0) return;
    looking = true;
    watcher
      .query<{ id: string }>({
        name: 'ended',
        text: `select r.id from unnest($1::text[], $2::text[]) as w(tenant, id)
                cross join lateral (select id from writ.run r where r.tenant = w.tenant and r.id = w.id
                                       and finished_at is not null offset 0) r`,
        values: [[...waiting.values()].map(({ tenant }) => tenant), [...waiting.keys()]],
      })
      .then(({ rows }) => {
        for (const { id } of rows) {
          waiting.get(id)?.ended();
          waiting.delete(id);
        }
      })
      .catch(() => undefined)
      .finally(() => (looking = false));
  }, LOOK_MS);
  let next = 0;
  return {
    async op() {
      const tenant = tenants[next++ % tenants.length]!;
      const caller = { tenant, kind: 'user', id: CALLER, roles: [] } as const;
      const started = await engine.commands.start({ tenant, caller, workflow: 'w5', input: {} });
      if (!started.ok) throw new Error(`a run was refused: ${started.failure.message}`);
      await new Promise<void>((ended) => waiting.set(started.value.run, { tenant, ended }));
    },
    async close() {
      clearInterval(timer);
      await watcher.end();
      await engine.close();
      await writer.close();
      await db.close();
    },
  };
});
