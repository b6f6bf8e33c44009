import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, openGroupCommit, type Database } from '@writ/database';
import { openEngine } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { type RunId, systemClock } from '@writ/kernel';
import { median } from '../numbers';
import type { System } from '../protocol';
import { serve } from '../serve';
import { stepResult } from '../workload';
import { makeWorld } from './writ-system';
import { CALLER, LONG_STEPS } from './writ-world';

/** Steps around the tenth, and around the ten before the last: one step alone is noise. */
const EARLY = { from: 5, to: 105 } as const;
const LATE = { from: LONG_STEPS - 110, to: LONG_STEPS - 10 } as const;

/**
 * P13: one run of ten thousand steps. What a step costs early and late, from one call of its tool to the next; then it
 * waits, and an engine that has never seen it resumes it: from the signal to the call of the step after the wait.
 */
serve(async ({ url }): Promise<System> => {
  const [tenant] = await makeWorld(url, 'long');
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const calls = new Float64Array(LONG_STEPS + 2);
  let called = 0;
  const engineOf = () =>
    openEngine({
      db,
      writer,
      doors: (open) => ({
        models: { complete: () => Promise.reject(new Error('no model is called')) },
        tools: functionTransport({
          open,
          functions: {
            step: ({ step }) => {
              calls[called++] = performance.now();
              return stepResult(Number(step));
            },
          },
        }),
      }),
      build: 'bench',
    });
  const caller = { tenant: tenant!, kind: 'user', id: CALLER, roles: [] } as const;
  return {
    op: () => Promise.reject(new Error('a long run is no unit of a rate')),
    async figures() {
      const first = engineOf();
      await first.start();
      const started = await first.commands.start({ tenant: tenant!, caller, workflow: 'long', input: {} });
      if (!started.ok) throw new Error(started.failure.message);
      const { run } = started.value;
      await ends(db, run, 'waiting_external');
      await first.close(5_000);
      const cost = ({ from, to }: typeof EARLY | typeof LATE): number =>
        median(Array.from({ length: to - from }, (_, i) => calls[from + i + 1]! - calls[from + i]!));
      const second = engineOf();
      await second.start();
      const asked = performance.now();
      await second.commands.signal({ tenant: tenant!, caller, run, name: 'go', payload: null });
      await ends(db, run, 'succeeded');
      const resumedMs = calls[LONG_STEPS]! - asked;
      await second.close(5_000);
      return { earlyMs: cost(EARLY), lateMs: cost(LATE), resumedMs, steps: LONG_STEPS };
    },
    async close() {
      await writer.close();
      await db.close();
    },
  };

  async function ends(database: Database, run: RunId, status: string): Promise<void> {
    for (const end = Date.now() + 240_000; Date.now() < end; await sleep(20)) {
      const [row] = await database.withTenant(tenant!, (tx) =>
        tx.query<{ status: string }>('select status from writ.run where tenant = $1 and id = $2', [tenant, run]),
      );
      if (row?.status === status) return;
    }
    throw new Error(`the long run is not ${status} after four minutes`);
  }
});
