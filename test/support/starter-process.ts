import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, openEngine } from '@writ/engine';
import { systemClock } from '@writ/kernel';
import type { StartedRuns, StarterSetup, StartOrder } from './starter';

/**
 * Takes starts and leads nothing, as a control plane does: one process for all tenants. Each line on its standard input
 * is an order, each on its output the answer to one. Ends with whoever holds its input.
 */
const setup = JSON.parse(process.env['WRIT_STARTER_SETUP'] ?? '{}') as StarterSetup;
const nowhere = (): never => {
  throw new Error('this process leads no runs');
};

async function main(): Promise<void> {
  const config = { url: setup.url, role: 'writer', allowUnsafeDurability: true } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db,
    writer,
    doors: () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: () => Promise.resolve() } }),
    leads: false,
    wakeUp: new BullWakeUp(setup.redis),
    build: 'crash-test',
  });
  await engine.start();

  async function startOne({ tenant, caller, workflow }: StartOrder): Promise<StartedRuns['runs'][number]> {
    const asked = Date.now();
    for (;;) {
      const answer = await engine.commands.start({ tenant, caller, workflow, input: {} });
      if (answer.ok) return { run: answer.value.run, asked, durable: Date.now() };
      if (answer.failure.class !== 'transient') throw new Error(answer.failure.message);
      await sleep(100);
    }
  }

  /** At a steady pace, each whether or not the one before was answered; or so many at once, the next when one is. */
  async function carryOut(order: StartOrder): Promise<void> {
    const { id, count, eachMs, abreast } = order;
    const runs: StartedRuns['runs'][number][] = [];
    const started: Promise<unknown>[] = [];
    let next = 0;
    const one = async (): Promise<void> => {
      while (next++ < count) runs.push(await startOne(order));
    };
    if (eachMs === null) for (let i = 0; i < abreast; i++) started.push(one());
    for (let i = 0; eachMs !== null && i < count; i++, await sleep(eachMs)) {
      started.push(startOne(order).then((run) => runs.push(run)));
    }
    await Promise.all(started);
    process.stdout.write(`${JSON.stringify({ id, runs } satisfies StartedRuns)}\n`);
  }

  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void carryOut(JSON.parse(line) as StartOrder));
  lines.on('close', () => process.exit(0));
  process.stdout.write('ready\n');
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
