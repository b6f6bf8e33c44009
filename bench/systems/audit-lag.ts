import { setTimeout as sleep } from 'node:timers/promises';
import { openProducers, type Producer } from '../audit/producers';
import { percentile } from '../numbers';
import type { WindowResult } from '../protocol';
import { serve } from '../serve';
import { openSealing } from './sealing';

const LOOK_MS = 10;

interface Appended {
  readonly producer: Producer;
  readonly seq: number;
  readonly at: number;
}

/**
 * How long an event waits, after it is acknowledged, until a checkpoint that covers it is committed, while all producers
 * append as fast as they can. Heads are looked at every 10 ms: a figure may be that much too high.
 */
serve(async ({ url, concurrency }) => {
  const { db, tenants, producers, close } = await openProducers(url, concurrency);
  const sealing = await openSealing(url, db);
  const sizes = async (): Promise<Map<string, number>> => {
    const rows = await db.withTenant(tenants, (tx) =>
      tx.query<{ tenant: string; size: string }>('SELECT tenant, size FROM writ.log_head'),
    );
    return new Map(rows.map(({ tenant, size }) => [tenant, Number(size)]));
  };

  async function window(ms: number): Promise<WindowResult> {
    const appended: Appended[] = [];
    const seen: { readonly at: number; readonly sizes: ReadonlyMap<string, number> }[] = [];
    let over = false;
    const looking = (async () => {
      // On until everything appended is covered, or nothing moves any more.
      for (let until = Infinity; performance.now() < until; await sleep(LOOK_MS)) {
        seen.push({ sizes: await sizes(), at: performance.now() });
        if (over && until === Infinity) until = performance.now() + 3_000;
      }
    })();
    const cpu = process.cpuUsage();
    const began = performance.now();
    await Promise.all(
      producers.map(async (producer) => {
        while (performance.now() - began < ms) {
          const seq = await producer.append();
          appended.push({ producer, seq, at: performance.now() });
        }
      }),
    );
    const took = performance.now() - began;
    const used = process.cpuUsage(cpu);
    over = true;
    await looking;
    const places = await placesOf();
    const lags = appended.map((event) => {
      const end = places.get(`${event.producer.run} ${event.seq}`);
      const covered =
        end === undefined ? undefined : seen.find((look) => (look.sizes.get(event.producer.tenant) ?? 0) >= end);
      return covered ? Math.max(0, covered.at - event.at) : Infinity;
    });
    return {
      runs: appended.length,
      perSecond: appended.length / (took / 1000),
      p50Ms: percentile(lags, 50),
      p99Ms: percentile(lags, 99),
      cpuMsPerRun: (used.user + used.system) / 1000 / appended.length,
      peakRss: process.resourceUsage().maxRSS * 1024,
      failed: lags.filter((lag) => lag === Infinity).length,
    };
  }

  /** Size a log must have to cover each event. */
  async function placesOf(): Promise<Map<string, number>> {
    const rows = await db.withTenant(tenants, (tx) =>
      tx.query<{ run: string; seq: number; count: number; first: string }>(
        'SELECT run, seq, count, first_index AS first FROM writ.log_span',
      ),
    );
    const places = new Map<string, number>();
    for (const { run, seq, count, first } of rows) {
      for (let i = 0; i < count; i++) places.set(`${run} ${seq + i}`, Number(first) + i + 1);
    }
    return places;
  }

  return {
    op: () => Promise.reject(new Error('lag is measured over a window')),
    window,
    async close() {
      await sealing.close();
      await close();
    },
  };
});
