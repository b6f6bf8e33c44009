import { glyphsOf, idleStretches, parentOf, type Step, type Timeline, timelineRows } from './timeline-rows';

const step = (of: Partial<Step> & { readonly step: number }): Step => ({
  sequence: of.step * 2,
  lane: 0,
  path: '',
  kind: 'tool',
  target: 'look',
  state: 'ok',
  from_ms: of.step * 10,
  to_ms: of.step * 10 + 5,
  attempts: 1,
  tokens: 0,
  decisions: [],
  segments: [{ kind: 'tool', from_ms: of.step * 10, to_ms: of.step * 10 + 5 }],
  ...of,
});

const deny = { id: 'dec_1', sequence: 4, at_ms: 40, verdict: 'deny', reason: 'agent_not_granted' } as const;

const timeline: Timeline = {
  run: 'run_1',
  workflow: 'desk',
  status: 'succeeded',
  from: '2026-11-22T09:30:00.000Z',
  to_ms: 100,
  as_of_ms: 100,
  next_seq: 10,
  lanes: [
    { path: '', agent: 'clerk', spans: [{ from_ms: 0, to_ms: 30 }] },
    { path: '', agent: 'cashier', spans: [{ from_ms: 30, to_ms: 100 }] },
  ],
  segments: [
    { kind: 'queued', from_ms: 0, to_ms: 10 },
    { kind: 'tool', from_ms: 10, to_ms: 20 },
    { kind: 'waiting_approval', from_ms: 20, to_ms: 60 },
    { kind: 'paused', from_ms: 60, to_ms: 70 },
    { kind: 'tool', from_ms: 70, to_ms: 100 },
  ],
  steps: [
    step({ step: 1 }),
    step({
      step: 2,
      attempts: 2,
      segments: [
        { kind: 'tool', from_ms: 20, to_ms: 22, attempt: 1, outcome: 'error' },
        { kind: 'retry', from_ms: 22, to_ms: 24 },
        { kind: 'tool', from_ms: 24, to_ms: 25, attempt: 2, outcome: 'ok' },
      ],
    }),
    step({ step: 3, kind: 'handoff', target: 'cashier' }),
    step({ step: 4, lane: 1, state: 'denied', decisions: [deny] }),
  ],
  handoffs: [{ sequence: 6, at_ms: 30, step: 3, from_lane: 0, to_lane: 1, to_agent: 'cashier', state: 'made' }],
  start: { id: 'dec_0', sequence: 0, at_ms: 0, verdict: 'allow', reason: 'allowed' },
  marks: [],
  usage: { model_calls: 0, tool_calls: 3, tokens: 0, cost_micros: null },
  problems: [3],
};

const ids = (group: 'tree' | 'time', ...flipped: readonly string[]): string[] =>
  timelineRows(timeline, { group, flipped: new Set(flipped) }).map((row) => `${row.level}${row.id}`);

describe('the lines of a timeline', () => {
  it('go from agent to step, and to the parts of a step that was opened', () => {
    expect(ids('tree')).toEqual(['1run', '2l0', '3s1', '3s2', '3s3', '2l1', '3s4']);
    expect(ids('tree', 's2')).toEqual(['1run', '2l0', '3s1', '3s2', '4s2.0', '4s2.1', '4s2.2', '3s3', '2l1', '3s4']);
  });

  it('leave out the steps of an agent that was closed', () => {
    expect(ids('tree', 'l0')).toEqual(['1run', '2l0', '2l1', '3s4']);
  });

  it('stand in order of time without agents', () => {
    expect(ids('time')).toEqual(['1run', '2s1', '2s2', '2s3', '2s4']);
  });

  it('know their parent', () => {
    const rows = timelineRows(timeline, { group: 'tree', flipped: new Set(['s2']) });
    expect(rows[parentOf(rows, 5)]?.id).toBe('s2');
    expect(rows[parentOf(rows, 3)]?.id).toBe('l0');
    expect(parentOf(rows, 0)).toBe(0);
  });

  it('carry glyphs for what was refused and handed over, none for a plain allow', () => {
    expect(glyphsOf(timeline.steps[0]!, timeline)).toEqual([]);
    expect(glyphsOf(timeline.steps[2]!, timeline)).toEqual([{ kind: 'handoff', at: 30, to: 'cashier' }]);
    expect(glyphsOf(timeline.steps[3]!, timeline)).toEqual([{ kind: 'deny', at: 40, decision: deny }]);
  });

  it('join waits that follow each other into one idle stretch', () => {
    expect(idleStretches(timeline, 100)).toEqual([
      { from: 0, to: 10 },
      { from: 20, to: 70 },
    ]);
  });
});
