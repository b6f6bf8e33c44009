import type { DecisionId, Json } from '@writ/kernel';
import { type BillOfMaterials, Definition, type Versioned } from '@writ/registry';
import type { RunEvent, RunStarted, StepIntended } from '../events';
import { apply, begin } from '../fold';
import type { NextStep } from '../next-step';
import type { RunState } from '../state';
import { Planner } from './planner';

const decision = {
  id: 'dec_0' as DecisionId,
  reason: 'allowed',
  stage: 'initiator',
  explicit: true,
  stages: [],
  obligations: [],
  nearMisses: [],
  snapshot: 's',
} as const;

const accountable = { owner: 'team', purpose: 'tests' };
const tool = (name: string, effect?: string) => ({
  kind: 'tool',
  name,
  ...(effect && { effect }),
  endpoint: { type: 'function', function: name },
  input: { type: 'object', properties: { n: { type: 'number' } } },
});
const agent = (name: string, handoffs: string[] = []) => ({
  kind: 'agent',
  name,
  ...accountable,
  model: 'm',
  instructions: 'help',
  tools: ['look'],
  handoffs,
  max_turns: 3,
});

function billOf(root: object): BillOfMaterials {
  const documents = [
    tool('look', 'read'),
    tool('pay'),
    { kind: 'model', name: 'm', model: 'x' },
    agent('triage', ['refunds']),
    agent('refunds', ['triage']),
    { kind: 'workflow', name: 'w', ...accountable, root },
  ].map((document): Versioned => ({ digest: 'sha256:0', version: 1, definition: Definition.parse(document) }));
  const of = (kind: string) =>
    new Map(documents.filter((one) => one.definition.kind === kind).map((one) => [one.definition.name, one]));
  return {
    workflow: of('workflow').get('w'),
    agents: of('agent'),
    tools: of('tool'),
    models: of('model'),
    servers: of('mcp_server'),
    resolvers: of('resolver'),
    digest: 'sha256:0',
  } as unknown as BillOfMaterials;
}

const started = (extra: Partial<RunStarted> = {}): RunStarted => ({
  type: 'run_started',
  at: 0,
  workflow: 'w',
  bill_digest: 'sha256:0',
  bill: [],
  input: { n: 7 },
  initiator: { kind: 'user', id: 'user:a', roles: [] },
  caller: 'user:a',
  mandate: null,
  budget: {},
  deadline_at: null,
  decision,
  ...extra,
});

class Play {
  readonly state: RunState;
  readonly planner: Planner;
  now = 1;

  constructor(root: object, extra: Partial<RunStarted> = {}) {
    this.planner = new Planner(billOf(root));
    this.state = begin(started(extra));
  }

  next(): NextStep {
    const [only, ...others] = this.planner.next(this.state, this.now);
    if (!only || others.length > 0) throw new Error(`one step was expected, not ${others.length + 1}`);
    return only;
  }

  put(...events: RunEvent[]): this {
    for (const event of events) apply(this.state, event);
    return this;
  }

  /** Intends what comes next, without an outcome. */
  intend(effect: StepIntended['effect'] = 'read'): StepIntended {
    const next = this.next();
    const base = {
      type: 'step_intended',
      at: this.now,
      attempt: 1,
      args_digest: 'd',
      salt: '',
      target_digest: 'd',
      decision,
    } as const;
    const step = this.state.lastStep + 1;
    let event: StepIntended;
    if (next.type === 'invoke_tool') {
      const call = next.call === null ? {} : { call: next.call };
      event = {
        ...base,
        step,
        path: next.path,
        kind: 'tool',
        agent: null,
        target: next.tool.definition.name,
        effect,
        args: next.args,
        ...call,
      };
    } else if (next.type === 'call_model') {
      event = { ...base, step, path: next.path, kind: 'model', agent: null, target: 'm', effect: 'idempotent' };
    } else if (next.type === 'hand_off') {
      const to = { agent: next.to.definition.name, digest: 'd' };
      const handoff = { to, purpose: next.purpose, message: next.message };
      event = {
        ...base,
        step,
        path: next.path,
        kind: 'handoff',
        agent: null,
        target: to.agent,
        effect: 'idempotent',
        ...(next.call !== null && { call: next.call }),
        handoff,
      };
    } else throw new Error(`nothing to intend: ${next.type}`);
    this.put(event);
    return event;
  }

  settle(result: Json, effect: StepIntended['effect'] = 'read'): this {
    const { step, attempt } = this.intend(effect);
    return this.put({ type: 'step_settled', at: this.now, step, attempt, outcome: 'ok', result, final: true });
  }

  says(content: string | null, ...calls: [name: string, args: string][]): this {
    const toolCalls = calls.map(([name, argumentsText], i) => ({
      callId: `c${this.state.lastStep}_${i}`,
      name,
      argumentsText,
    }));
    return this.settle({ content, toolCalls, finish: 'stop' });
  }
}

const pipeline = {
  type: 'sequence',
  steps: [
    { id: 'find', node: { type: 'tool', tool: 'look', args: { n: { $from: '/input/n' } } } },
    { id: 'use', node: { type: 'tool', tool: 'look', args: { n: { $from: '/steps/find/output/found' } } } },
  ],
};

describe('a pipeline', () => {
  it('hands each output on and finishes with the last one', () => {
    const play = new Play(pipeline);
    expect(play.next()).toMatchObject({ type: 'invoke_tool', path: 'find', args: { n: 7 } });
    play.settle({ found: 42 });
    expect(play.next()).toMatchObject({ type: 'invoke_tool', path: 'use', args: { n: 42 } });
    expect(play.settle('done').next()).toEqual({ type: 'finish', output: 'done' });
  });

  it('never runs a step with a hole in its arguments', () => {
    const play = new Play(pipeline).settle({ other: 1 });
    expect(play.next()).toMatchObject({ type: 'fail', failure: { code: 'template_unresolved' } });
  });

  it('a failed step ends it, unless its rule is to skip', () => {
    const failing = (rule: object) => ({ type: 'sequence', steps: [{ ...pipeline.steps[0], ...rule }] });
    const failure = { code: 'x', class: 'permanent', message: 'x' } as const;
    for (const [rule, expected] of [
      [{}, { type: 'fail', status: 'failed', failure }],
      [{ on_error: 'skip' }, { type: 'rule_node', path: 'find', failure, rule: 'skip' }],
    ] as const) {
      const play = new Play(failing(rule));
      const { step, attempt } = play.intend();
      play.put({ type: 'step_settled', at: 1, step, attempt, outcome: 'error', failure, landed: 'yes', final: true });
      expect(play.next()).toEqual(expected);
    }
  });

  it('a fresh planner over the same state gives the same step', () => {
    const play = new Play(pipeline).settle({ found: 42 });
    expect(new Planner(play.planner.bill).next(play.state, play.now)).toEqual([play.next()]);
  });
});

describe('an agent', () => {
  const root = { type: 'agent', agent: 'triage' };

  it('asks its model, answers the calls in order, and ends when none is left', () => {
    const play = new Play(root);
    expect(play.next()).toMatchObject({ type: 'call_model', opening: '{"n":7}' });
    play.says(null, ['look', '{"n":1}'], ['look', '{"n":2}']);
    expect(play.next()).toMatchObject({ type: 'invoke_tool', args: { n: 1 } });
    expect(play.settle('one').next()).toMatchObject({ type: 'invoke_tool', args: { n: 2 } });
    expect(play.settle('two').next()).toMatchObject({ type: 'call_model' });
    expect(play.says('bye').next()).toEqual({ type: 'finish', output: 'bye' });
  });

  it.each([
    ['Look', '{}', 'unknown_tool'],
    ['look ', '{}', 'unknown_tool'],
    ['pay', '{}', 'unknown_tool'],
    ['look', '{"n":', 'arguments_unparsable'],
    ['look', '[1]', 'arguments_unparsable'],
    ['look', '{"n":"\\u0000"}', 'arguments_unparsable'],
    ['look', '{"n":"seven"}', 'arguments_invalid'],
    ['handoff_to_refunds', '{"reason":"r","message":"m"}', 'unknown_tool'],
  ])('the call %s(%s) is answered as an error turn: %s', (name, args, code) => {
    expect(new Play(root).says(null, [name, args]).next()).toMatchObject({ type: 'reject_call', code });
  });

  it('stops at its turn limit', () => {
    const play = new Play(root);
    for (let i = 0; i < 3; i++) play.says(null, ['look', '{"n":1}']).settle('x');
    expect(play.next()).toMatchObject({ type: 'fail', failure: { code: 'turn_limit' } });
  });
});

describe('peers that hand over', () => {
  const root = { type: 'swarm', entry: 'triage', agents: ['triage', 'refunds'], max_handoffs: 2 };
  const over = (to: string): [string, string] => [`handoff_to_${to}`, '{"reason":"r","message":"m"}'];

  it('have one owner: after a handoff the receiver speaks, and what else was asked is answered undone', () => {
    const play = new Play(root).says(null, over('refunds'), ['look', '{}']).settle({ to: 'refunds' });
    const next = play.next();
    expect(next).toMatchObject({ type: 'call_model', agent: { definition: { name: 'refunds' } } });
    expect(next.type === 'call_model' && next.chain.map((hop) => hop.agent)).toEqual(['triage', 'refunds']);
    expect(play.state.agents.get('')?.messages.at(-1)).toMatchObject({
      role: 'tool',
      content: expect.stringContaining('handed_over') as string,
    });
  });

  it('stop handing over at the limit', () => {
    const play = new Play(root);
    play.says(null, over('refunds')).settle({}).says(null, over('triage')).settle({}).says(null, over('refunds'));
    expect(play.next()).toMatchObject({ type: 'reject_call', code: 'handoff_limit' });
  });
});

describe('recovery', () => {
  it.each([
    ['read', 'try_again'],
    ['idempotent', 'try_again'],
    ['compensable', 'ask_person'],
    ['irreversible', 'ask_person'],
  ] as const)('[I5] a lost %s effect: %s', (effect, expected) => {
    const play = new Play(pipeline);
    play.intend(effect);
    expect(play.next().type).toBe(expected);
  });

  it('[I4] a settled step is never planned again', () => {
    const play = new Play(pipeline).settle({ found: 1 });
    for (let i = 0; i < 3; i++) expect(play.next()).toMatchObject({ path: 'use' });
  });

  it('an unknown outcome rests until a person answers, and goes on by the answer', () => {
    for (const [verdict, expected] of [
      ['happened', { type: 'finish', output: { found: 2 } }],
      ['did_not_happen', { type: 'try_again' }],
      ['abandon', { type: 'fail', failure: { code: 'abandoned' } }],
    ] as const) {
      const play = new Play({ type: 'tool', tool: 'pay', args: {} });
      const { step, attempt } = play.intend('irreversible');
      play.put({ type: 'step_unknown', at: 1, step, attempt, reason: 'outcome_lost' });
      expect(play.next()).toEqual({ type: 'rest', path: '', until: null });
      play.put({
        type: 'step_reconciled',
        at: 2,
        mail: 'mai_1' as never,
        step,
        verdict,
        result: { found: 2 },
        by: 'user:b',
        note: '',
      });
      expect(play.next()).toMatchObject(expected);
    }
  });

  it('a retry waits for its time', () => {
    const play = new Play(pipeline);
    const { step } = play.intend();
    const failure = { code: 'x', class: 'transient', message: 'x' } as const;
    play.put({ type: 'step_settled', at: 1, step, attempt: 1, outcome: 'error', failure, landed: 'no', final: false });
    play.put({ type: 'retry_scheduled', at: 1, step, attempt: 2, not_before: 500 });
    expect(play.next()).toEqual({ type: 'rest', path: 'find', until: 500 });
    play.now = 500;
    expect(play.next().type).toBe('try_again');
  });
});

describe('what ends a run from outside', () => {
  it('a cancel comes before anything else', () => {
    const play = new Play(pipeline).put({
      type: 'cancel_requested',
      at: 1,
      mail: 'mai_1' as never,
      by: 'user:b',
      reason: 'stop',
    });
    expect(play.next()).toMatchObject({ type: 'cancel', by: 'user:b', reason: 'stop' });
  });

  it('its deadline ends it', () => {
    const play = new Play(pipeline, { deadline_at: 100 });
    play.now = 100;
    expect(play.next()).toMatchObject({ type: 'fail', status: 'timed_out', failure: { code: 'deadline_exceeded' } });
  });
});

describe('a wait', () => {
  const root = { type: 'wait', signal: 'go', timeout_ms: 50 };

  it('ends with the payload of its signal, wherever the signal came first', () => {
    const signal: RunEvent = {
      type: 'signal_received',
      at: 1,
      mail: 'mai_1' as never,
      name: 'go',
      payload: 5,
      by: 'user:b',
    };
    const wait: RunEvent = { type: 'wait_started', at: 1, wait: { for: 'signal', path: '', signal: 'go', until: 51 } };
    for (const order of [
      [signal, wait],
      [wait, signal],
    ]) {
      const play = new Play(root);
      expect(play.next()).toEqual({ type: 'wait', path: '', signal: 'go', timeoutMs: 50 });
      play.put(...order);
      expect(play.next()).toEqual({ type: 'end_wait', path: '', output: 5 });
      play.put({ type: 'wait_ended', at: 2, path: '', output: 5 });
      expect(play.next()).toEqual({ type: 'finish', output: 5 });
    }
  });

  it('without its signal it fails at its time', () => {
    const play = new Play(root).put({
      type: 'wait_started',
      at: 1,
      wait: { for: 'signal', path: '', signal: 'go', until: 51 },
    });
    expect(play.next()).toEqual({ type: 'rest', path: '', until: 51 });
    play.now = 51;
    expect(play.next()).toMatchObject({ type: 'fail', failure: { code: 'signal_timeout' } });
  });
});
