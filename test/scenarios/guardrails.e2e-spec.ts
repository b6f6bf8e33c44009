import type { RunEvent } from '@writ/engine';
import type { Json, RunId } from '@writ/kernel';
import { parseBundle, buildSnapshot } from '@writ/policy';
import { type GuardWorld, openGuardWorld, RULES } from './guard-world';

const call = (name: string, args: object = {}): object => ({ name, arguments: args });
const KEY = `ghp_${'a1B2'.repeat(9)}`;
const CARD = '4111 1111 1111 1111';

const WATCH = '  checks: { heard: { at: [input], words: [unheard_of] }, sent: { at: [output], words: [unheard_of] } }';

let world: GuardWorld;
beforeAll(async () => {
  world = await openGuardWorld(WATCH);
});
afterAll(() => world.close());
beforeEach(() => {
  world.posted.length = 0;
  world.judged.length = 0;
  world.page = 'nothing of note';
  world.judge = () => ({ flagged: false });
});

type Checked = Extract<RunEvent, { type: 'content_checked' }>;
const checkedIn = (events: readonly RunEvent[]): Checked[] =>
  events.filter((event) => event.type === 'content_checked');
const denials = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'step_denied' ? [[event.kind, event.target, event.decision.reason]] : []));

interface Heard {
  readonly role: string;
  readonly content?: Json;
}

/**
 * How many messages entered an agent of a run, as its model was asked over the wire: those that no earlier request of the
 * same agent had, and that are not what it had just said itself.
 */
function enteredByWire(run: RunId, name: string): number {
  let entered = 0;
  let before = 0;
  for (const { user, messages } of world.model.journal()) {
    const [system, ...heard] = messages as readonly Heard[];
    if (user !== run || system?.content !== `You are ${name}.`) continue;
    const own = before > 0 && heard[before]?.role === 'assistant' ? 1 : 0;
    entered += heard.length - before - own;
    before = heard.length;
  }
  return entered;
}

const READ_AND_POST = [
  { calls: [call('page'), call('post', { text: 'hello' })] },
  { calls: [call('post', { text: 'hello' })] },
  { text: 'done' },
];

/** Who says what in each pattern, and which agents it leads to. */
const PATTERNS: readonly [name: string, turns: { readonly [agent: string]: readonly object[] }, agents: string[]][] = [
  ['alone', { ann: READ_AND_POST }, ['ann']],
  ['chain', { ann: [{ text: 'script:chained go on' }] }, ['ann', 'bob']],
  ['fan', { ann: READ_AND_POST, bob: READ_AND_POST }, ['ann', 'bob']],
  [
    'team',
    { ann: [{ calls: [call('delegate', { worker: 'bob', task: 't', brief: 'script:worked' })] }, { text: 'ok' }] },
    ['ann', 'bob'],
  ],
  ['ways', { cas: [{ text: '{"route":"two"}' }], bob: READ_AND_POST }, ['cas', 'bob']],
  [
    'peers',
    {
      ann: [{ calls: [call('page')] }, { calls: [call('handoff_to_bob', { reason: 'r', message: 'go on' })] }],
      bob: [{}, {}, { calls: [call('post', { text: 'x' })] }, { text: 'over' }],
    },
    ['ann', 'bob'],
  ],
];

describe('the boundaries of agents', () => {
  test.each(PATTERNS)(
    '%s: everything an agent hears and everything that leaves passes once',
    async (name, turns, agents) => {
      world.model.play({
        chained: { turns: READ_AND_POST as never },
        worked: { turns: READ_AND_POST as never },
      });
      const run = await world.start(name, turns);
      const { events, status } = await world.over(run);
      expect(status).toBe('succeeded');
      const checks = checkedIn(events);
      for (const agent of agents) {
        const names = checks
          .filter((one) => one.boundary === 'input' && one.agent === agent)
          .flatMap((one) => one.content);
        expect([agent, names.length]).toEqual([agent, enteredByWire(run, agent)]);
        expect(names.length).toBeGreaterThan(0);
      }
      // Each call that goes out is looked at, also one that says the same again; and the answer, once.
      const calls = events.filter(
        (one) => one.type === 'step_intended' && one.kind === 'tool' && one.target === 'post',
      );
      const out = checks.filter((one) => one.boundary === 'output');
      expect(out.filter((one) => one.agent !== null)).toHaveLength(calls.length);
      expect(out.filter((one) => one.agent === null)).toHaveLength(1);
      // The verdicts are evidence, each under the policy it was given by.
      const { snapshot } = (await world.scenario.engine.authority.get(world.scenario.tenant)) ?? {};
      const audits = (await world.audits(run)).filter(({ type }) => type === 'guardrail.checked');
      expect(audits).toHaveLength(checks.flatMap((one) => one.checks).length);
      for (const { object, outcome, detail } of audits) {
        expect([object?.id, outcome]).toEqual([detail!['boundary'] === 'input' ? 'heard' : 'sent', 'passed']);
        expect(detail!['policy']).toBe(snapshot!.digest);
      }
    },
    400_000,
  );

  test('a child run passes them as any run does: what it is given, what it answers, and what its parent hears of it', async () => {
    const run = await world.start('parent', { ann: [{ text: 'script:told by the child' }] });
    world.model.play({ told: { final: 'heard it' } });
    const { events, status } = await world.over(run);
    expect(status).toBe('succeeded');
    const child = (await world.scenario.engine.queries.get(world.scenario.tenant, run))?.children?.[0] as RunId;
    const below = checkedIn((await world.over(child)).events).map(({ boundary, agent }) => [boundary, agent]);
    expect(below).toEqual([
      ['input', 'ann'],
      ['output', null],
    ]);
    const above = checkedIn(events).map(({ boundary, agent }) => [boundary, agent]);
    expect(above).toEqual([
      ['input', 'bob'],
      ['output', null],
    ]);
  });
});

describe('what guardrails do', () => {
  test('what is taken out of what an agent hears is in no request to its model, now and later, and in no evidence', async () => {
    await world.guard('  checks: { no_keys: { at: [input], detect: [credential], then: redact } }');
    world.page = `the key is ${KEY}, keep it`;
    const run = await world.start('alone', {
      ann: [{ calls: [call('page')] }, { calls: [call('page')] }, { text: 'ok' }],
    });
    const { status, events } = await world.over(run);
    expect(status).toBe('succeeded');
    const wire = JSON.stringify(world.model.journal().filter(({ user }) => user === run));
    expect(wire).not.toContain(KEY);
    expect(wire).toContain('the key is [redacted: credential], keep it');
    expect(checkedIn(events).flatMap(({ checks }) => checks.map(({ outcome }) => outcome))).toEqual([
      'passed',
      'redacted',
      'redacted',
    ]);
    const evidence = await world.audits(run);
    expect(JSON.stringify(evidence)).not.toContain(KEY);
    expect(evidence.find(({ outcome }) => outcome === 'redacted')?.detail).toMatchObject({
      boundary: 'input',
      found: '1 credential',
      content: 1,
    });
  });

  test('what is taken out of the arguments of a call is neither decided, nor sent, nor committed to', async () => {
    await world.guard('  checks: { no_cards: { at: [output], detect: [payment_card], then: redact } }');
    const run = await world.start('alone', {
      ann: [{ calls: [call('post', { text: `pay ${CARD} now` })] }, { text: CARD }],
    });
    const { status, output, events } = await world.over(run);
    expect([status, output]).toEqual(['succeeded', '[redacted: payment_card]']);
    expect(world.posted).toEqual(['pay [redacted: payment_card] now']);
    const intent = events.find((one) => one.type === 'step_intended' && one.target === 'post');
    expect(intent).toMatchObject({ args: { text: 'pay [redacted: payment_card] now' } });
  });

  test('[I1] a call that a guardrail denies reaches nothing; its agent is told a reason code and goes on', async () => {
    await world.guard('  checks: { no_cards: { at: [output], detect: [payment_card], answers: false } }');
    const run = await world.start('alone', { ann: [{ calls: [call('post', { text: CARD })] }, { text: 'then not' }] });
    const { status, events, output } = await world.over(run);
    expect([status, output, world.posted]).toEqual(['succeeded', 'then not', []]);
    expect(denials(events)).toEqual([['tool', 'post', 'guardrail_denied']]);
    const told = world.model
      .journal()
      .findLast(({ user }) => user === run)!
      .messages.at(-1);
    expect(told).toMatchObject({ role: 'tool', content: 'Error: denied: guardrail_denied' });
  });

  test('content that may not enter is heard by no model', async () => {
    await world.guard('  checks: { short: { at: [input], longer_than: 60 } }');
    const run = await world.start('alone', {}, 'x'.repeat(100));
    const { status, events } = await world.over(run);
    expect(status).toBe('denied');
    expect(denials(events)).toEqual([['model', 'scripted', 'guardrail_denied']]);
    expect(world.model.journal().filter(({ user }) => user === run)).toEqual([]);
  });

  test('an answer that may not leave goes nowhere, and the run says so', async () => {
    await world.guard('  checks: { no_cards: { at: [output], detect: [payment_card] } }');
    const run = await world.start('alone', { ann: [{ text: `your card is ${CARD}` }] });
    const { status, output, events, code } = await world.over(run);
    expect([status, output, code]).toEqual(['denied', null, 'policy_denied']);
    expect(denials(events)).toEqual([['finish', 'alone', 'guardrail_denied']]);
  });

  test('people let pass what a guardrail asks about, once, and the same run does not ask about it again', async () => {
    await world.guard('  checks: { names: { at: [input, output], words: [bluebird], ask: ask_owner } }');
    world.page = 'about project bluebird';
    const run = await world.start('alone', { ann: [{ calls: [call('page')] }, { text: 'it is about bluebird' }] });
    const { tenant, engine } = world.scenario;
    const vote = async (approval: string) =>
      engine.approvals.commands.vote({
        tenant,
        caller: { tenant, kind: 'user', id: 'user:owner', roles: [] },
        approval,
        verdict: 'approve',
        comment: '',
      });
    const first = await world.asked(run);
    expect(await vote(first)).toMatchObject({ ok: true });
    const second = await world.asked(run, first);
    expect(await vote(second)).toMatchObject({ ok: true });
    const { status, output, events } = await world.over(run);
    expect([status, output]).toEqual(['succeeded', 'it is about bluebird']);
    const asked = events.flatMap((one) => (one.type === 'step_asked' ? [[one.kind, one.decision.stage]] : []));
    expect(asked).toEqual([
      ['model', 'guardrail'],
      ['finish', 'guardrail'],
    ]);
    expect(checkedIn(events).flatMap(({ checks }) => checks.map(({ outcome }) => outcome))).toEqual([
      'passed',
      'fired',
      'fired',
    ]);
  }, 400_000);
});

describe('a guardrail that asks somebody', () => {
  const JUDGE = (more = '') => `  checks: { judged: { at: [output], answers: false, call: { tool: judge }${more} } }`;
  const posts = [{ calls: [call('post', { text: 'what is it worth' })] }, { text: 'over' }];

  test('asks by a step of its own, decided and recorded, with the content and nothing else of the run', async () => {
    await world.guard(JUDGE());
    const run = await world.start('alone', { ann: posts });
    const { status, events } = await world.over(run);
    expect([status, world.posted]).toEqual(['succeeded', ['what is it worth']]);
    expect(world.judged).toEqual([
      { guardrail: 'judged', boundary: 'output', agent: 'ann', content: ['{"text":"what is it worth"}'] },
    ]);
    const intent = events.find((one) => one.type === 'step_intended' && one.kind === 'check');
    expect(intent).toMatchObject({ target: 'judge', check: { guardrail: 'judged' } });
    const asked = (await world.audits(run)).filter(({ action }) => action === 'guardrail.check');
    expect(asked).toMatchObject([{ type: 'action.authorized', actor: 'agent:ann', object: { id: 'judged' } }]);
  });

  test('goes by the answer, and denies what was flagged', async () => {
    await world.guard(JUDGE());
    world.judge = () => JSON.stringify({ flagged: true });
    const { events } = await world.over(await world.start('alone', { ann: posts }));
    expect([denials(events), world.posted]).toEqual([[['tool', 'post', 'guardrail_denied']], []]);
  });

  test('[I7] holds everything back while it gets no answer it can use, or may not ask', async () => {
    await world.guard(JUDGE(', on_error: open'));
    const ways: (() => Json)[] = [
      () => {
        throw new Error('the judge is out');
      },
      () => 'perhaps',
      () => ({ flagged: 'yes' }),
    ];
    for (const judge of ways) {
      world.judge = judge;
      const { events } = await world.over(await world.start('alone', { ann: posts }));
      expect([denials(events), world.posted]).toEqual([[['tool', 'post', 'guardrail_failed']], []]);
    }
    const silent = RULES.replace(/.*guardrail\.check.*\n/g, '');
    const bundle = parseBundle(`${silent}${JUDGE()}`);
    if (!bundle.ok) throw new Error(bundle.failure.message);
    expect((await buildSnapshot(bundle.value)).ok).toBe(true);
    await world.scenario.activate(bundle.value);
    const { events } = await world.over(await world.start('alone', { ann: posts }));
    expect(denials(events)).toEqual([
      ['check', 'judge', 'agent_not_granted'],
      ['tool', 'post', 'guardrail_failed'],
    ]);
  }, 400_000);

  test('asks a model as well, which answers in JSON and is charged to the run', async () => {
    await world.guard(
      '  checks: { judged: { at: [input], call: { model: scripted, instructions: You are the judge. } } }',
    );
    const run = await world.start('alone', {
      ann: [{ text: 'fine' }],
      'the judge': [{ text: '{"flagged": false}', usage: { input: 7, output: 3 } }],
    });
    const { status, events } = await world.over(run);
    expect(status).toBe('succeeded');
    const kinds = events.flatMap((one) => (one.type === 'step_intended' ? [one.kind] : []));
    expect(kinds).toEqual(['check', 'model']);
    const asked = world.model.journal().find(({ user, messages }) => user === run && messages.length === 2);
    expect(asked?.messages[0]).toMatchObject({ content: 'You are the judge.' });
  });
});
