import { readJournal } from '@writ/engine';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { type Desk, openDesk, policy, say } from './desk';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

/** The desk's policy, in which calling a tool (or a model) obliges to something. */
function obliged(type: string, values: object, on = 'class:harmless, tool.invoke'): PolicyBundle {
  const rules = policy.rules
    .split('\n')
    .map((line) => (line.includes(on) && line.startsWith('p, user:*') ? `${line}, duty` : line))
    .join('\n');
  const bundle = parseBundle(JSON.stringify({ ...policy, rules, obligations: { duty: { type, values } } }));
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

const journal = async (run: Parameters<typeof readJournal>[2]) =>
  readJournal(desk.scenario.db, desk.scenario.tenant, run);
const notices = async (): Promise<Record<string, unknown>[]> => {
  const { rows } = await desk.scenario.outsider.query<{ events: string }>(
    `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = 'tenant' order by seq`,
    [desk.scenario.tenant],
  );
  const events = rows.flatMap((row) => row.events.split('\n')).map((line) => JSON.parse(line) as never);
  return events.filter((event) => event['type'] === 'obligation.notified');
};

describe('what an allow obliges to', () => {
  it('[I7] redact: what is redacted is in no journal, no message and no output', async () => {
    await desk.scenario.activate(obliged('redact', { fields: ['/found'] }));
    const turns = [{ calls: [{ name: 'look', arguments: { order: '#1' } }] }, { text: 'Seen.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'redacted', turns) });
    await desk.stands(run, 'succeeded');
    const events = await journal(run);
    const settled = events.filter((event) => event.type === 'step_settled' && JSON.stringify(event).includes('found'));
    expect(settled).toHaveLength(1);
    expect(settled[0]).toMatchObject({ result: { found: '[redacted]' } });
    expect(JSON.stringify(events)).not.toContain('"found":true');
  });

  it('mask_output: the agent sees the end of a text, and so does everybody else', async () => {
    await desk.scenario.activate(obliged('mask_output', { keep_last: 2 }));
    const turns = [{ calls: [{ name: 'quiet', arguments: {} }] }, { text: 'Seen.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'masked', turns) });
    await desk.stands(run, 'succeeded');
    expect(JSON.stringify(await journal(run))).toContain('"•••ne"');
  });

  it('watermark: what a tool answers says whom and which run it was given to, wherever it goes', async () => {
    await desk.scenario.activate(obliged('watermark', {}));
    const turns = [{ calls: [{ name: 'quiet', arguments: {} }] }, { text: 'Seen.' }];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'marked', turns) });
    await desk.stands(run, 'succeeded');
    const settled = (await journal(run)).filter((event) => JSON.stringify(event).includes(`[given to user:`));
    expect(JSON.stringify(settled)).toContain(`in ${run}]`);
  });

  it('notify: who subscribes is told before it happens, once a step', async () => {
    await desk.scenario.activate(obliged('notify', { about: 'somebody looks' }));
    const run = await desk.start({ workflow: 'look_twice' });
    await desk.stands(run, 'succeeded');
    const told = (await notices()).filter((event) => (event['detail'] as { run: string }).run === run);
    expect(told).toMatchObject([
      { action: 'tool.invoke', object: { id: 'look' }, detail: { obligation: 'duty', about: 'somebody looks' } },
      { action: 'tool.invoke', object: { id: 'look' }, detail: { obligation: 'duty' } },
    ]);
  });

  it('rate_limit: what is too much in a span waits for its turn, over all runs of whoever it is for', async () => {
    const { outsider, tenant } = desk.scenario;
    await desk.scenario.activate(obliged('rate_limit', { most: 2, per_ms: 86_400_000 }));
    const first = await desk.start({ workflow: 'look_twice' });
    await desk.stands(first, 'succeeded');
    const reached = desk.reached.length;
    const second = await desk.start({ workflow: 'look_twice' });
    const { rows } = await outsider.query<{ bucket: string }>(`select bucket from writ.rate_bucket where tenant = $1`, [
      tenant,
    ]);
    expect(rows).toEqual([{ bucket: 'duty user:ann' }]);
    // Another's turn is nobody else's business; when it has gone by, the first has still not moved.
    const others = await desk.start({ workflow: 'look_twice', caller: desk.as('user:boss') });
    await desk.stands(others, 'succeeded');
    expect(desk.reached).toHaveLength(reached + 2);
    await outsider.query(`delete from writ.rate_bucket where tenant = $1`, [tenant]);
    await desk.scenario.activate({ ...obliged('notify', {}), rules: policy.rules });
    await desk.engine.commands.cancel({ tenant, caller: desk.as('user:boss'), run: second, reason: 'seen' });
    await desk.stands(second, 'cancelled', 'succeeded');
  });

  it('budget: a turn of a model that may take more is not begun', async () => {
    await desk.scenario.activate(obliged('budget', { tokens: 1 }, 'model:*, model.invoke'));
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'dear', [{ text: 'Too dear.' }]) });
    await desk.stands(run, 'failed');
    const events = await journal(run);
    expect(events.at(-1)).toMatchObject({ failure: { code: 'budget_exhausted', details: { obligation: 'duty' } } });
    expect(events.some((event) => event.type === 'step_intended')).toBe(false);
  });

  it('budget: money of a model without a price is not guessed at', async () => {
    await desk.scenario.activate(obliged('budget', { cost_micros: 1_000 }, 'model:*, model.invoke'));
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'unpriced', [{ text: 'How much?' }]) });
    await desk.stands(run, 'failed');
    const events = await journal(run);
    expect(events.at(-1)).toMatchObject({ failure: { code: 'price_unknown', details: { obligation: 'duty' } } });
    expect(events.some((event) => event.type === 'step_intended')).toBe(false);
  });

  it('record_full: the journal holds the whole request of a model, and is folded as any other', async () => {
    await desk.scenario.activate(obliged('record_full', {}, 'model:*, model.invoke'));
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'whole', [{ text: 'Recorded.' }]) });
    await desk.stands(run, 'succeeded');
    const sent = (await journal(run)).find((event) => event.type === 'step_intended');
    expect(JSON.stringify(sent)).toContain('You are the clerk.');
  });
});
