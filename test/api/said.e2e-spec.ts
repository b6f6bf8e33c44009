import type { RunId } from '@writ/kernel';
import { publish } from '@writ/registry';
import { type MessageDelta, WritClient } from '@writ/sdk';
import { policy, say } from '../scenarios/desk';
import { until } from '../support/crash-world';
import { type HeldModel, startHeldModel } from '../support/held-model';
import { connect, following, type LiveWorld, openLiveWorld, type RawEvent } from './live-world';

const accountable = { owner: 'desk', purpose: 'speaks while somebody listens' };
const documents = [
  {
    kind: 'model',
    name: 'streaming',
    model: 'scripted',
    base_url_env: 'SAID_MODEL_URL',
    api_key_env: null,
    timeout_ms: 30_000,
    parameters: { stream: true, stream_options: { include_usage: true } },
  },
  { kind: 'agent', name: 'speaker', ...accountable, model: 'streaming', instructions: 'Speak.' },
  { kind: 'workflow', name: 'speaks', ...accountable, root: { type: 'agent', agent: 'speaker' } },
];

let world: LiveWorld;
let model: HeldModel;
let token: string;
beforeAll(async () => {
  world = await openLiveWorld();
  model = await startHeldModel(world.desk.model.url);
  process.env['SAID_MODEL_URL'] = model.url;
  token = (await world.key()).token;
  const { tenant, db, activate } = world.desk.scenario;
  const published = await db.withTenant(tenant, (tx) => publish(tx, { tenant, author: 'user:author', documents }));
  if (!published.ok) throw new Error(published.failure.message);
  const rules = [
    policy.rules,
    'p, agent:speaker, {tenant}, model:*, model.invoke, , allow',
    'p, user:boss, {tenant}, run:*, run.read, , allow',
  ];
  await activate({ ...policy, rules: rules.join('\n') });
});
afterAll(async () => {
  await model?.close();
  await world?.close();
});

const speak = (id: string, text: string, piece_ms: number): Promise<RunId> =>
  world.desk.start({ workflow: 'speaks', input: say(world.desk, id, [{ text, piece_ms }]) });
const listen = (run: string, cut?: Parameters<typeof connect>[2]) =>
  connect(`${world.url}/v1/runs/${run}/events?deltas=true`, { token }, cut);
/** Nothing is said before somebody listens, however long that takes on a busy machine. */
async function listenedTo(
  said: readonly [id: string, text: string, piece_ms: number],
  cut?: Parameters<typeof following>[2],
) {
  model.hold();
  const run = await speak(...said);
  const listening = following(`${world.url}/v1/runs/${run}/events?deltas=true`, { token }, cut);
  await listening.opened;
  model.release();
  return { run, ended: listening.ended };
}
const deltas = (events: readonly RawEvent[]): MessageDelta[] =>
  events.filter(({ event }) => event === 'message.delta').map(({ data }) => data as unknown as MessageDelta);
const spoken = (said: readonly MessageDelta[]): string => said.map(({ text }) => text).join('');
/** The last words may come as the whole reply alone: nothing waits for them. */
function expectBeginningOf(text: string, heard: string): void {
  expect(text.startsWith(heard)).toBe(true);
  expect(heard.length).toBeGreaterThan(text.length / 10);
}
const words = (count: number): string => Array.from({ length: count }, (_, i) => `word${i} `).join('');

describe('what a model says', () => {
  it('is heard while it is said, ten times a second at most, and is the reply in the end', async () => {
    const text = words(150);
    const began = Date.now();
    const { run, ended } = await listenedTo(['heard', text, 30]);
    const { events } = await ended;
    const took = (Date.now() - began) / 1000;
    const said = deltas(events);
    expectBeginningOf(text, spoken(said));
    expect(said.length).toBeGreaterThan(3);
    expect(said.length).toBeLessThanOrEqual(took * 10 + 2);
    const at = (name: string): number => events.findIndex(({ event }) => event === name);
    expect(at('message.delta')).toBeGreaterThan(at('step_intended'));
    expect(at('message.delta')).toBeLessThan(at('step_settled'));
    expect(events.filter(({ event }) => event === 'message.delta').every(({ id }) => id === null)).toBe(true);
    expect(events.find(({ event }) => event === 'run_finished')!.data).toMatchObject({ output: text });
    await world.desk.stands(run, 'succeeded');
  });

  it('goes on for a reader who was cut off in the middle, with nothing between missing', async () => {
    const text = words(150);
    const { run, ended } = await listenedTo(['cut', text, 25], { until: (events) => deltas(events).length >= 3 });
    const first = await ended;
    const heard = spoken(deltas(first.events));
    expect(text.startsWith(heard)).toBe(true);
    const second = deltas((await listen(run)).events);
    // What was said before is there again, at its place: a reader lays the pieces where they belong.
    expect(second[0]!.from).toBeLessThanOrEqual(heard.length);
    let whole = heard;
    for (const { from, text: piece } of second) whole = whole.slice(0, from) + piece;
    expectBeginningOf(text, whole);
  });

  it('never shows a secret, also one that the network cut in two', async () => {
    const secret = `sk-${'a1B2'.repeat(8)}`;
    const { ended } = await listenedTo([
      'secret',
      `The key is ${secret} and that is all there is to say about it.`,
      40,
    ]);
    const said = deltas((await ended).events);
    expectBeginningOf('The key is [redacted] and that is all there is to say about it.', spoken(said));
    const { rows } = await world.desk.scenario.outsider.query(
      `select 1 from writ.run_said where position($1 in text) > 0`,
      [secret.slice(0, 12)],
    );
    expect(rows).toEqual([]);
  });

  it('does not hold the run up: not for one who reads slowly, nor while nothing can be kept', async () => {
    const { outsider } = world.desk.scenario;
    const text = words(400);
    const slow = await speak('slow', text, 1);
    const watching = listen(slow, { readSlowly: true, afterMs: 3_000 });
    await world.desk.stands(slow, 'succeeded');
    await watching;
    await outsider.query(`alter table writ.run_said rename to run_said_gone`);
    try {
      const run = await speak('unkept', text, 1);
      await world.desk.stands(run, 'succeeded');
    } finally {
      await outsider.query(`alter table writ.run_said_gone rename to run_said`);
    }
  });

  it('is no evidence, and is forgotten', async () => {
    const { outsider } = world.desk.scenario;
    const run = await speak('forgotten', words(20), 5);
    await world.desk.stands(run, 'succeeded');
    await until('it to be kept', async () =>
      (await outsider.query(`select 1 from writ.run_said where run = $1 and done`, [run])).rows.length > 0
        ? true
        : null,
    );
    await outsider.query(`update writ.run_said set at = now() - interval '16 minutes' where run = $1`, [run]);
    await world.desk.scenario.db.platform((tx) => tx.query(`select writ.forget_said()`));
    expect((await outsider.query(`select 1 from writ.run_said where run = $1`, [run])).rows).toEqual([]);
  });

  it('comes through the client as deltas among the events', async () => {
    const text = words(60);
    const { runs } = world.desk.engine.live;
    await until('nobody to be followed', async () => runs.size === 0);
    model.hold();
    const run = await speak('client', text, 20);
    const client = new WritClient({ url: world.url, apiKey: token });
    let heard = '';
    let last = '';
    const watching = (async () => {
      for await (const item of client.runs.watch(run)) {
        if ('text' in item && item.type === 'message_delta') heard += (item as MessageDelta).text;
        last = item.type;
      }
    })();
    await until('the client to follow', async () => runs.size === 1);
    model.release();
    await watching;
    expectBeginningOf(text, heard);
    expect(last).toBe('run_finished');
    const plain: string[] = [];
    for await (const event of client.runs.stream(run)) plain.push(event.type);
    expect(plain).not.toContain('message_delta');
  });
});
