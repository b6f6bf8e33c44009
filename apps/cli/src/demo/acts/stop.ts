import { setTimeout as sleep } from 'node:timers/promises';
import { RunWatch } from '../follow-run';
import type { World } from '../world';
import type { Act } from './act';

const ENOUGH = 8;
const ORDERS = 40;
const QUIET_MS = 800;

/** Times at which a run read an order, by the shop's clock. */
const readsOf = (world: World, run: string): { readonly key: string; readonly at: number }[] =>
  world.ledger().flatMap((entry) => (entry.kind === 'asked' && entry.key.startsWith(run) ? [entry] : []));

export const stop: Act = {
  name: 'stop',
  title: 'An agent is stopped in the middle of its work',
  async run(world) {
    const { stage, client, signal } = world;
    const id = await world.start('review_orders', 'review', 'Read through the orders.');
    const watch = new RunWatch(world, id, false);
    const intents = (): number => watch.events.filter(({ type }) => type === 'step_intended').length;
    await watch.until(() => readsOf(world, id).length >= ENOUGH);
    stage.claim(true, `refunds is reading orders, ${readsOf(world, id).length} of ${ORDERS} so far`);

    const asked = performance.now();
    const set = await client.stops.set({ scope: 'agent', target: 'refunds', reason: 'the demo stops it' }, { signal });
    const inForce = performance.now() - asked;
    const inForceAt = Date.now();
    await watch.until(() => true);
    const begun = intents();
    await watch.until(({ run }) => run.status === 'paused');
    const held = performance.now() - asked;
    stage.claim(inForce < 2_000, `writ stop --agent refunds: in force after ${inForce.toFixed(0)} ms`);
    await stage.while('is anything still moving?', sleep(QUIET_MS, undefined, { signal }));
    const { run } = await watch.until(() => true);
    stage.claim(
      run.status === 'paused' && intents() === begun,
      `the run rests after ${held.toFixed(0)} ms; no step has begun since the stop`,
    );
    const residue = readsOf(world, id).filter(({ at }) => at > inForceAt).length;
    stage.claim(residue <= 1, `residue, what was already on its way: ${residue} ${residue === 1 ? 'call' : 'calls'}`);

    await client.stops.release(set.id, { reason: 'the demo goes on' }, { signal });
    const over = await stage.while('released; a resting run looks up every few seconds', watch.until());
    const keys = new Set(readsOf(world, id).map(({ key }) => key));
    stage.claim(
      over.run.status === 'succeeded' && keys.size === ORDERS,
      `released, it went on where it was and read all ${ORDERS}`,
    );
    return { run: id, stop: set.id, in_force_ms: Math.round(inForce), resting_ms: Math.round(held), residue };
  },
};
