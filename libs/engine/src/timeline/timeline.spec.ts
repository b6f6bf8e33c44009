import fc from 'fast-check';
import type { DecisionId, MailId } from '@writ/kernel';
import type { RecordedDecision, RunEvent } from '../events';
import { timelineOf } from './timeline';
import type { Timeline } from './types';

let decisions = 0;
const decision = (reason: RecordedDecision['reason'] = 'allowed'): RecordedDecision => ({
  id: `dec_${decisions++}` as DecisionId,
  reason,
  stage: 'agent',
  explicit: true,
  stages: [],
  obligations: [],
  nearMisses: [],
  snapshot: 'sha256:0',
});

const T0 = Date.parse('2026-11-22T09:30:00.000Z');
const started = (at = 0): RunEvent => ({
  type: 'run_started',
  at: T0 + at,
  workflow: 'desk',
  bill_digest: 'sha256:0',
  bill: [],
  input: {},
  initiator: { kind: 'user', id: 'user:ann', roles: [] },
  caller: 'user:ann',
  mandate: null,
  budget: {},
  deadline_at: null,
  decision: decision(),
});
interface Step {
  readonly step: number;
  readonly kind?: 'model' | 'tool' | 'data' | 'handoff';
  readonly target?: string;
  readonly attempt?: number;
  readonly agent?: string | null;
  readonly path?: string;
}
const act = ({ step, kind = 'tool', target = 'pay', agent = 'clerk', path = '' }: Step) => ({
  step,
  path,
  kind,
  agent,
  target,
});
const intended = (at: number, step: Step): RunEvent => ({
  ...act(step),
  type: 'step_intended',
  at: T0 + at,
  attempt: step.attempt ?? 1,
  target_digest: 'sha256:1',
  args_digest: 'sha256:2',
  salt: 's',
  effect: 'read',
  decision: decision(),
});
const settled = (at: number, step: number, more: Partial<RunEvent & { type: 'step_settled' }> = {}): RunEvent => ({
  type: 'step_settled',
  at: T0 + at,
  step,
  attempt: 1,
  outcome: 'ok',
  final: true,
  ...more,
});
const failure = { code: 'timed_out', class: 'transient', message: 'did not answer' } as const;
const denied = (at: number, step: Step): RunEvent => ({
  ...act(step),
  type: 'step_denied',
  at: T0 + at,
  decision: decision('forbidden_by_rule'),
});
const asked = (at: number, step: Step, reason: RecordedDecision['reason'] = 'approval_required'): RunEvent => ({
  ...act(step),
  type: 'step_asked',
  at: T0 + at,
  decision: decision(reason),
});
const waits = (at: number, wait: (RunEvent & { type: 'wait_started' })['wait']): RunEvent => ({
  type: 'wait_started',
  at: T0 + at,
  wait,
});
const finished = (at: number): RunEvent => ({ type: 'run_finished', at: T0 + at, output: null });
const resumed = (at: number): RunEvent => ({ type: 'run_resumed', at: T0 + at, worker: 'wkr_2', lease_epoch: 2 });

const timeline = (...events: RunEvent[]): Timeline =>
  timelineOf({ run: 'run_1', status: 'running', events, now: T0 + 1_000_000 });
const kinds = ({ segments }: Timeline): string[] =>
  segments.map(({ kind, from_ms, to_ms }) => `${kind} ${from_ms}-${to_ms ?? ''}`);

/** What holds of every timeline, whatever happened. */
function sound(made: Timeline): void {
  const { segments, steps, lanes, to_ms, as_of_ms } = made;
  const end = to_ms ?? as_of_ms;
  let at = 0;
  for (const [i, { from_ms, to_ms: to }] of segments.entries()) {
    expect(from_ms).toBe(at);
    const last = i === segments.length - 1;
    expect(to === null).toBe(last && to_ms === null);
    if (!last || to_ms !== null) expect(to!).toBeGreaterThanOrEqual(from_ms);
    at = to ?? end;
  }
  expect(at).toBe(end);
  for (const step of steps) {
    let inside = step.from_ms;
    for (const { from_ms, to_ms: to } of step.segments) {
      expect(from_ms).toBeGreaterThanOrEqual(inside);
      inside = to ?? end;
      expect(inside).toBeLessThanOrEqual(end);
    }
    if (to_ms !== null) expect(step.to_ms).not.toBeNull();
    expect(lanes[step.lane]).toBeDefined();
    expect(step.decisions.length).toBeGreaterThan(0);
  }
  const open = lanes.flatMap(({ spans }) => spans).filter(({ to_ms: to }) => to === null);
  expect(open.length).toBeLessThanOrEqual(to_ms === null ? 1 : 0);
  for (const { spans } of lanes) {
    for (const [i, { from_ms, to_ms: to }] of spans.entries())
      (expect(from_ms).toBeLessThanOrEqual(to ?? end),
        expect(from_ms).toBeGreaterThanOrEqual(spans[i - 1]?.to_ms ?? 0));
  }
}

describe('a timeline', () => {
  it('is the run without a gap, by what it was doing', () => {
    const made = timeline(
      started(),
      intended(10, { step: 1, kind: 'model', target: 'chat' }),
      settled(500, 1, { tokens: 30 }),
      intended(510, { step: 2 }),
      settled(700, 2, { outcome: 'error', failure, final: false }),
      { type: 'retry_scheduled', at: T0 + 700, step: 2, attempt: 2, not_before: T0 + 900 },
      intended(900, { step: 2, attempt: 2 }),
      settled(950, 2, { attempt: 2 }),
      finished(960),
    );
    expect(kinds(made)).toEqual([
      'queued 0-10',
      'model 10-500',
      'running 500-510',
      'tool 510-700',
      'retry 700-900',
      'tool 900-950',
      'running 950-960',
    ]);
    expect(made).toMatchObject({
      to_ms: 960,
      from: '2026-11-22T09:30:00.000Z',
      next_seq: 9,
      problems: [],
      usage: { model_calls: 1, tool_calls: 1, tokens: 30 },
    });
    expect(made.steps[1]).toMatchObject({
      step: 2,
      state: 'ok',
      attempts: 2,
      from_ms: 510,
      to_ms: 950,
      segments: [
        { kind: 'tool', from_ms: 510, to_ms: 700, attempt: 1, outcome: 'error' },
        { kind: 'retry', from_ms: 700, to_ms: 900 },
        { kind: 'tool', from_ms: 900, to_ms: 950, attempt: 2, outcome: 'ok' },
      ],
    });
    sound(made);
  });

  it('shows what a run waits for as long as it waits, also while it lives', () => {
    const wait = { for: 'approval', step: 1, target: 'pay' } as const;
    const made = timeline(started(), asked(5, { step: 1 }), waits(5, wait));
    expect(kinds(made)).toEqual(['queued 0-5', 'waiting_approval 5-']);
    expect(made.steps[0]).toMatchObject({
      state: 'waiting',
      detail: 'approval_required',
      to_ms: null,
      segments: [{ kind: 'waiting_approval', from_ms: 5, to_ms: null }],
    });
    const later = timeline(
      started(),
      asked(5, { step: 1 }),
      waits(5, wait),
      intended(86_400_000, { step: 1 }),
      settled(86_400_040, 1),
      finished(86_400_041),
    );
    expect(kinds(later)).toEqual([
      'queued 0-5',
      'waiting_approval 5-86400000',
      'tool 86400000-86400040',
      'running 86400040-86400041',
    ]);
    expect(later.steps).toHaveLength(1);
    expect(later.steps[0]?.decisions.map(({ verdict }) => verdict)).toEqual(['ask', 'allow']);
    sound(made);
    sound(later);
  });

  it('keeps an act that waited one step, though a read took its number meanwhile', () => {
    const made = timeline(
      started(),
      asked(5, { step: 1 }),
      waits(5, { for: 'approval', step: 1, target: 'pay' }),
      intended(100, { step: 1, kind: 'data', target: 'owner_of' }),
      settled(110, 1),
      intended(120, { step: 2 }),
      settled(130, 2),
      finished(131),
    );
    expect(made.steps.map(({ step, kind, state }) => [step, kind, state])).toEqual([
      [2, 'tool', 'ok'],
      [1, 'data', 'ok'],
    ]);
    expect(made.steps[0]?.decisions.map(({ verdict }) => verdict)).toEqual(['ask', 'allow']);
    sound(made);
  });

  it('[I5] marks a call whose outcome was lost, and what a person said of it', () => {
    const made = timeline(
      started(),
      intended(10, { step: 1 }),
      resumed(10_000),
      { type: 'step_unknown', at: T0 + 10_001, step: 1, attempt: 1, reason: 'worker_lost' },
      waits(10_002, { for: 'reconciliation', step: 1, not_before: 0 }),
      {
        type: 'step_reconciled',
        at: T0 + 60_000,
        mail: 'mai_1' as MailId,
        step: 1,
        verdict: 'happened',
        by: 'user:boss',
        note: 'seen',
      },
      finished(60_001),
    );
    expect(kinds(made)).toEqual([
      'queued 0-10',
      'tool 10-10000',
      'running 10000-10002',
      'waiting_reconciliation 10002-60000',
      'running 60000-60001',
    ]);
    expect(made.steps[0]).toMatchObject({
      state: 'ok',
      segments: [{ outcome: 'lost', attempt: 1 }, { kind: 'waiting_reconciliation' }],
    });
    expect(made.marks.map(({ kind }) => kind)).toEqual(['started', 'taken_over', 'reconciled', 'ended']);
    const open = timeline(
      started(),
      intended(10, { step: 1 }),
      resumed(20),
      { type: 'step_unknown', at: T0 + 21, step: 1, attempt: 1, reason: 'worker_lost' },
      waits(22, { for: 'reconciliation', step: 1, not_before: 0 }),
    );
    expect(open.steps[0]?.state).toBe('unknown');
    expect(open.problems).toEqual([0]);
  });

  it('has a lane per agent, a handoff from one to the other, and the refused one that moved nothing', () => {
    const made = timeline(
      started(),
      intended(1, { step: 1, kind: 'model', target: 'chat' }),
      settled(2, 1),
      intended(3, { step: 2, kind: 'handoff', target: 'cashier' }),
      settled(4, 2),
      intended(5, { step: 3, kind: 'model', target: 'chat', agent: 'cashier' }),
      settled(9, 3),
      denied(10, { step: 4, kind: 'handoff', target: 'clerk', agent: 'cashier' }),
      finished(11),
    );
    expect(made.lanes).toEqual([
      { path: '', agent: 'clerk', spans: [{ from_ms: 1, to_ms: 4 }] },
      { path: '', agent: 'cashier', spans: [{ from_ms: 4, to_ms: 11 }] },
    ]);
    expect(made.handoffs).toEqual([
      { sequence: 3, at_ms: 3, step: 2, from_lane: 0, to_lane: 1, to_agent: 'cashier', state: 'made' },
      { sequence: 7, at_ms: 10, step: 4, from_lane: 1, to_lane: null, to_agent: 'clerk', state: 'denied' },
    ]);
    expect(made.problems).toEqual([3]);
    sound(made);
  });

  it('shows a stop as a pause, and ends what was under way when the run is ended', () => {
    const made = timeline(
      started(),
      asked(5, { step: 1 }, 'stopped'),
      waits(5, { for: 'stop', step: 1, target: 'pay' }),
      { type: 'cancel_requested', at: T0 + 50, mail: 'mai_1' as MailId, by: 'user:boss', reason: 'enough' },
      { type: 'run_cancelled', at: T0 + 51, by: 'user:boss', reason: 'enough' },
    );
    expect(kinds(made)).toEqual(['queued 0-5', 'paused 5-51']);
    expect(made.steps[0]).toMatchObject({
      state: 'abandoned',
      detail: 'stopped',
      to_ms: 51,
      decisions: [{ verdict: 'deny', reason: 'stopped' }],
    });
    sound(made);
  });

  it('never turns back, though the clock of the worker that took over is behind', () => {
    const made = timeline(
      started(),
      intended(10_000, { step: 1 }),
      resumed(9_000),
      intended(9_500, { step: 1, attempt: 2 }),
      settled(9_600, 1, { attempt: 2 }),
      finished(12_000),
    );
    sound(made);
    expect(made.to_ms).toBe(12_000);
  });

  it('of a run whose start is all there is, or that ended in the same moment', () => {
    sound(timeline(started()));
    expect(kinds(timeline(started()))).toEqual(['queued 0-']);
    const at_once = timeline(started(), finished(0));
    sound(at_once);
    expect(at_once.to_ms).toBe(0);
  });

  it('is sound after every event of any run, and counts each decision once', () => {
    const wait = fc.constantFrom('approval' as const, 'stop' as const);
    const gap = fc.nat({ max: 50 });
    const agent = fc.constantFrom('clerk', 'cashier', null);
    const kind = fc.constantFrom('model' as const, 'tool' as const, 'data' as const, 'handoff' as const);
    const part = fc.record({
      agent,
      kind,
      gaps: fc.tuple(gap, gap, gap, gap),
      how: fc.constantFrom('ok', 'error', 'retry', 'lost', 'deny', 'ask', 'signal'),
      wait,
      path: fc.constantFrom('', 'a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, ends) => {
        const events: RunEvent[] = [started()];
        let at = 0;
        parts.forEach(({ agent: by, kind: what, gaps, how, wait: waitFor, path }, i) => {
          const step = { step: i + 1, kind: what, agent: by, path, target: what === 'handoff' ? 'cashier' : 'pay' };
          const go = (n: number): number => (at += gaps[n]!);
          if (how === 'deny') return void events.push(denied(go(0), step));
          if (how === 'signal') {
            events.push(waits(go(0), { for: 'signal', path, signal: gaps[1] % 2 ? 'go' : null, until: null }));
            return void events.push({ type: 'wait_ended', at: T0 + go(1), path, output: null });
          }
          if (how === 'ask')
            events.push(
              asked(go(0), step, waitFor === 'stop' ? 'stopped' : 'approval_required'),
              waits(at, { for: waitFor, step: i + 1, target: step.target }),
            );
          events.push(intended(go(1), step));
          if (how === 'retry')
            events.push(
              settled(go(2), i + 1, { outcome: 'error', failure, final: false }),
              intended(go(3), { ...step, attempt: 2 }),
            );
          if (how === 'lost') events.push(resumed(go(2)), intended(go(3), { ...step, attempt: 2 }));
          const attempt = how === 'retry' || how === 'lost' ? 2 : 1;
          events.push(
            settled(go(0), i + 1, { attempt, ...(how === 'error' ? { outcome: 'error' as const, failure } : {}) }),
          );
        });
        if (ends) events.push(finished((at += 1)));
        for (let n = 1; n <= events.length; n++) {
          const made = timeline(...events.slice(0, n));
          sound(made);
          const decided = events.slice(0, n).filter((event) => 'decision' in event).length;
          expect(made.steps.reduce((sum, { decisions: made }) => sum + made.length, 1)).toBe(decided);
        }
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });

  it('of ten thousand steps is made while nobody notices', () => {
    const events: RunEvent[] = [started()];
    for (let step = 1; step <= 10_000; step++) events.push(intended(step * 10, { step }), settled(step * 10 + 5, step));
    // Of this thread's own time: what else the machine does is not counted.
    const before = process.threadCpuUsage();
    const made = timeline(...events);
    const { user, system } = process.threadCpuUsage(before);
    expect(user + system).toBeLessThan(2_000_000);
    expect(made.steps).toHaveLength(10_000);
    expect(JSON.stringify(made).length).toBeLessThan(6_000_000);
  });
});
