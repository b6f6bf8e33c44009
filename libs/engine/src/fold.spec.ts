import fc from 'fast-check';
import { canonicalJson, type DecisionId, type Json, type MailId, type RunId } from '@writ/kernel';
import type { RecordedDecision, RunEvent, RunStarted, StepIntended } from './events';
import { apply, begin, fold } from './fold';

const decision: RecordedDecision = {
  id: 'dec_00000000000000000000000000' as DecisionId,
  reason: 'allowed',
  stage: 'initiator',
  explicit: true,
  stages: [],
  obligations: [],
  nearMisses: [],
  snapshot: 'sha256:0',
};

const started: RunStarted = {
  type: 'run_started',
  at: 1,
  workflow: 'w',
  bill_digest: 'sha256:0',
  bill: [],
  input: {},
  initiator: { kind: 'user', id: 'user:a', roles: [] },
  caller: 'user:a',
  mandate: null,
  budget: {},
  deadline_at: null,
  decision,
};

const intent = (step: number, attempt: number, extra: Partial<StepIntended> = {}): StepIntended => ({
  type: 'step_intended',
  at: step,
  step,
  attempt,
  path: '',
  kind: 'tool',
  agent: null,
  target: 't',
  target_digest: 'sha256:0',
  args_digest: 'sha256:0',
  salt: '',
  effect: 'irreversible',
  decision,
  ...extra,
});

const settled = (step: number, attempt: number, result: Json): RunEvent => ({
  type: 'step_settled',
  at: step,
  step,
  attempt,
  outcome: 'ok',
  result,
  final: true,
});

/** A random but possible history: attempts of steps, each settled, failed, lost or denied, with mail in between. */
const history = fc
  .array(
    fc.record({
      end: fc.constantFrom('ok', 'failed', 'lost', 'unknown', 'denied'),
      kind: fc.constantFrom('tool' as const, 'model' as const, 'data' as const),
      mail: fc.boolean(),
      reserve: fc.nat(500),
    }),
    { maxLength: 20 },
  )
  .map((steps) => {
    const events: RunEvent[] = [started];
    let step = 0;
    for (const [index, one] of steps.entries()) {
      step += 1;
      const reply = {
        content: null,
        toolCalls: [{ callId: `c${step}`, name: 't', argumentsText: '{}' }],
        finish: 'tool_calls',
      };
      const extra = { kind: one.kind, effect: 'read' as const, path: `p${step}`, reserve: one.reserve };
      if (one.end === 'denied') {
        events.push({
          type: 'step_denied',
          at: step,
          step,
          path: `p${step}`,
          kind: one.kind,
          agent: null,
          target: 't',
          decision,
        });
        continue;
      }
      events.push(intent(step, 1, extra));
      if (one.end === 'failed') {
        const failure = { code: 'x', class: 'transient' as const, message: 'x' };
        events.push({
          type: 'step_settled',
          at: step,
          step,
          attempt: 1,
          outcome: 'error',
          failure,
          landed: 'no',
          final: false,
        });
      }
      if (one.end === 'unknown') events.push({ type: 'step_unknown', at: step, step, attempt: 1, reason: 'lost' });
      if (one.end !== 'ok') events.push(intent(step, 2, extra));
      if (one.mail) {
        events.push({
          type: 'signal_received',
          at: step,
          mail: `mai_${index}` as MailId,
          name: 's',
          payload: index,
          by: 'user:b',
        });
      }
      events.push(settled(step, one.end === 'ok' ? 1 : 2, one.kind === 'model' ? reply : { n: step }));
    }
    return events;
  });

/** Maps and sets as JSON can show them. */
const shown = (state: unknown): string =>
  canonicalJson(
    JSON.parse(
      JSON.stringify(state, (_key, value: unknown) =>
        value instanceof Object && Symbol.iterator in value ? [...(value as Iterable<unknown>)] : value,
      ),
    ),
  );

describe('fold', () => {
  it('[I5] a read that a retry asks for leaves the lost step what it is', () => {
    const lost = intent(1, 1, { effect: 'idempotent' });
    const attribute = { name: 'order.owner', resource: { type: 'order', id: '1' }, pointer: '' };
    const state = fold([started, lost, intent(2, 1, { kind: 'data', effect: 'read', attribute })]);
    const main = state.branches.get('')!;
    expect(main.open?.intent).toEqual(lost);
    apply(state, settled(2, 1, 'user:a'));
    expect(main.open?.intent.step).toBe(1);
    expect(main.reading).toBeNull();
  });

  it('the same events always fold to the same state, however they are cut', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, cut) => {
        const whole = fold(events);
        const at = 1 + (cut % events.length);
        const resumed = fold(events.slice(0, at));
        for (const event of events.slice(at)) apply(resumed, event);
        const stepwise = begin(started);
        for (const event of events.slice(1)) apply(stepwise, event);
        expect(shown(resumed)).toBe(shown(whole));
        expect(shown(stepwise)).toBe(shown(whole));
        expect(whole.seq).toBe(events.length);
      }),
    );
  });

  it('the same events fold to the same state after a journey through the journal', () => {
    fc.assert(
      fc.property(history, (events) => {
        const read = events.map((event) => JSON.parse(canonicalJson(event)) as RunEvent);
        expect(shown(fold(read))).toBe(shown(fold(events)));
      }),
    );
  });

  it('[I13] a lost model attempt stays charged at its reservation, so a crash frees nothing', () => {
    const model = { kind: 'model' as const, reserve: 700 };
    const state = fold([started, intent(1, 1, model), intent(1, 2, model)]);
    expect(state.usage).toEqual({ model_calls: 2, tool_calls: 0, tokens: 700 });
  });

  it('mail is consumed once', () => {
    const mail = 'mai_1' as MailId;
    const state = fold([started, { type: 'cancel_requested', at: 2, mail, by: 'user:b', reason: 'enough' }]);
    expect(state.mailSeen.has(mail)).toBe(true);
    expect(state.cancel).toEqual({ by: 'user:b', reason: 'enough' });
  });

  it('[I5] an intent that was on its way when its branch was cancelled is owed its outcome, whichever is applied first', () => {
    const open: RunEvent[] = [
      started,
      { type: 'branches_opened', at: 1, path: '', keys: ['a', 'b'], deadline_at: null },
      ...['=a', '=b'].map((path): RunEvent => ({ type: 'branch_started', at: 1, path, deadline_at: null })),
    ];
    const call = intent(1, 1, { path: '=b/x', effect: 'read' });
    const joined: RunEvent = {
      type: 'branches_joined',
      at: 2,
      path: '',
      outcome: 'ok',
      merged: ['a'],
      cancelled: ['b'],
    };
    const states = [fold([...open, call, joined]), fold([...open, joined, call])];
    expect(shown(states[0])).toBe(shown(states[1]));
    for (const state of states) {
      expect(state.branches.get('=b')).toMatchObject({ live: false, open: { phase: 'in_flight' } });
      apply(state, settled(1, 1, 'late'));
      // Recorded, never merged, and the branch is gone.
      expect([state.branches.has('=b'), state.results.has('=b/x')]).toEqual([false, false]);
    }
  });

  it('an outcome without an open intent is a defect, not a state', () => {
    expect(() => fold([started, settled(1, 1, null)])).toThrow('without an open intent');
  });

  it('what was resolved for a decision under way does not survive a takeover', () => {
    const read = intent(1, 1, {
      kind: 'data',
      effect: 'read',
      attribute: { name: 'order.owner', resource: { type: 'order', id: '1' }, pointer: '' },
    });
    const state = fold([started, read, settled(1, 1, 'user:a')]);
    const main = state.branches.get('')!;
    expect([...main.fresh]).toEqual(['order.owner|1']);
    apply(state, { type: 'run_resumed', at: 9, worker: 'wkr_1', lease_epoch: 2 });
    expect([...main.fresh]).toEqual([]);
  });
});

describe('a child run that is over before its start is on record', () => {
  const run = 'run_00000000000000000000000001' as RunId;
  const child = { run, root: run, depth: 1, budget: {}, deadline_at: null, leave: false } as const;
  const start = (attempt: number): StepIntended => intent(1, attempt, { kind: 'run', effect: 'idempotent', child });
  const resumed: RunEvent = { type: 'run_resumed', at: 2, worker: 'w', lease_epoch: 2 };
  const report: RunEvent = {
    type: 'child_ended',
    at: 3,
    mail: 'mai_00000000000000000000000001' as MailId,
    by: run,
    path: '',
    run,
    status: 'succeeded',
    output: { n: 1 },
    usage: { model_calls: 1, tool_calls: 2, tokens: 3 },
  };
  const waiting: RunEvent = { type: 'wait_started', at: 4, wait: { for: 'child', path: '', run } };

  it.each<[string, readonly RunEvent[]]>([
    ['told after it', [start(1), settled(1, 1, { run }), waiting, report]],
    ['told while its start is under way', [start(1), report, settled(1, 1, { run })]],
    ['told after its start was lost with a worker', [start(1), resumed, report, start(2), settled(1, 2, { run })]],
    ['told after both', [start(1), resumed, start(2), report, settled(1, 2, { run })]],
  ])('%s: its report is taken, once', (_when, events) => {
    const state = fold([started, ...events]);
    expect(state.results.get('')).toEqual({ done: true, output: { n: 1 } });
    expect(state.children.get('')).toMatchObject({ run, ended: true });
    expect(state.usage).toMatchObject({ model_calls: 1, tool_calls: 2, tokens: 3 });
    expect(state.branches.get('')?.open).toBeNull();
  });
});
