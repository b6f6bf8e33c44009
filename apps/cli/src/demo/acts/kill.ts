import { RunWatch } from '../follow-run';
import type { World } from '../world';
import type { Act } from './act';

const ORDER = 'W1004';
const TURNS = 8;

const paid = (world: World): number =>
  world.ledger().filter((entry) => entry.kind === 'payment' && entry.order === ORDER).length;

export const kill: Act = {
  name: 'kill',
  title: 'The worker dies in the middle of a payment',
  async run(world) {
    const { stage } = world;
    stage.say(`Ann’s desk ${ORDER}. This bank pays at once and answers late; the worker will not live to hear it.`);
    const id = await world.start('refund_desk', 'broken_desk', `The desk of order ${ORDER} arrived broken.`);
    const watch = new RunWatch(world, id);
    await watch.until(() => paid(world) === 1);
    const victim = world.worker;
    if (!victim) throw new Error('there is no worker to kill');
    const killed = performance.now();
    await victim.kill();
    stage.claim(
      victim.over && paid(world) === 1,
      `kill -9 ${victim.pid}: the bank has paid, and nobody has heard of it`,
    );

    const heir = await stage.while('another worker starts', world.startWorker());
    const over = await watch.until();
    const resumed = over.events.find(({ type }) => type === 'run_resumed');
    const after = ((Date.parse(resumed?.time ?? '') - (Date.now() - (performance.now() - killed))) / 1000).toFixed(1);
    stage.claim(
      resumed !== undefined,
      `worker ${heir.pid} took the run over ${after} s after the kill, once the dead one’s lease had run out`,
    );
    stage.claim(over.run.status === 'succeeded', `run ${id} succeeded`);

    const asked = world
      .ledger()
      .flatMap((entry) => (entry.kind === 'asked' && entry.what === 'payment' && entry.order === ORDER ? [entry] : []));
    const oneKey = new Set(asked.map(({ key }) => key)).size === 1;
    stage.claim(
      asked.map(({ attempt }) => attempt).join() === '1,2' && oneKey,
      'the bank was asked twice, under one idempotency key, as attempts 1 and 2',
    );
    stage.claim(paid(world) === 1, 'and paid once');
    const turns = await world.turnsAsked('broken_desk');
    const messages = world.ledger().filter((entry) => entry.kind === 'message' && entry.order === ORDER).length;
    const each = Array.from({ length: TURNS }, (_, turn) => turn).join();
    stage.claim(
      [...turns].sort((a, b) => a - b).join() === each && messages === 1,
      `nothing that was done ran again: ${TURNS} turns of the model, each asked once, and one message`,
    );
    return { run: id, taken_over_after_s: Number(after), asked: asked.length, paid: paid(world) };
  },
};
