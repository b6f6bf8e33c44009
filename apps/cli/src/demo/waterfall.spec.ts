import { Paint } from '../output/paint';
import { drawBar, type Seen, Waterfall } from './waterfall';

const paint = new Paint({ terminal: false, env: {} });
const at = (ms: number): string => new Date(1_700_000_000_000 + ms).toISOString();
const allowed = (...rids: string[]) => ({
  stages: [{ stage: 'agent', matches: rids.map((rid) => ({ rid, effect: 'allow' })) }],
});

const EVENTS: readonly Seen[] = [
  { sequence: 0, type: 'run_started', time: at(0) },
  {
    sequence: 1,
    type: 'step_intended',
    time: at(100),
    step: 1,
    kind: 'model',
    agent: 'triage',
    target: 'm',
    decision: allowed('speaks'),
  },
  { sequence: 2, type: 'step_settled', time: at(400), step: 1, outcome: 'ok' },
  {
    sequence: 3,
    type: 'step_intended',
    time: at(400),
    step: 2,
    kind: 'data',
    agent: 'triage',
    target: 'order.owner',
    decision: allowed('facts'),
  },
  { sequence: 4, type: 'step_settled', time: at(450), step: 2, outcome: 'ok' },
  {
    sequence: 5,
    type: 'step_intended',
    time: at(450),
    step: 3,
    attempt: 2,
    kind: 'tool',
    agent: 'triage',
    target: 'get_order',
    decision: allowed('reads', 'reads', 'own'),
  },
  { sequence: 6, type: 'run_resumed', time: at(600) },
  { sequence: 7, type: 'step_settled', time: at(900), step: 3, outcome: 'error', failure: { code: 'tool_timeout' } },
  {
    sequence: 8,
    type: 'step_denied',
    time: at(950),
    step: 4,
    kind: 'handoff',
    agent: 'triage',
    target: 'payments',
    decision: { stages: [{ stage: 'agent', matches: [{ rid: 'never', effect: 'deny' }] }] },
  },
  {
    sequence: 9,
    type: 'step_asked',
    time: at(960),
    step: 5,
    kind: 'tool',
    agent: 'triage',
    target: 'get_order',
    decision: { reason: 'stopped' },
  },
];

describe('the waterfall of a run', () => {
  it('is one bar for each step that ended, with the rules that spoke', () => {
    const waterfall = new Waterfall();
    const bars = EVENTS.flatMap((event) => waterfall.add(event) ?? []);
    expect(bars).toEqual([
      { from: 100, to: 400, agent: 'triage', what: 'thinks', glyph: '✓', why: 'speaks', faint: true },
      { from: 600, to: 600, agent: '', what: 'taken over', glyph: '⟲', why: 'by another worker', faint: false },
      {
        from: 450,
        to: 900,
        agent: 'triage',
        what: 'get_order',
        glyph: '✗',
        why: 'tool_timeout, 1 fact read, attempt 2',
        faint: false,
      },
      { from: 950, to: 950, agent: 'triage', what: '→ payments', glyph: '✗', why: 'refused by never', faint: false },
      { from: 960, to: 960, agent: 'triage', what: 'get_order', glyph: '‖', why: 'held by a stop', faint: false },
    ]);
  });

  it('knows what goes on at the moment', () => {
    const waterfall = new Waterfall();
    for (const event of EVENTS.slice(0, 6)) waterfall.add(event);
    expect(waterfall.running).toEqual({ agent: 'triage', what: 'get_order' });
    waterfall.add(EVENTS[7]!);
    expect(waterfall.running).toBeNull();
  });

  it('draws a bar where and as long as it was, and no wider than the terminal', () => {
    const bar = {
      from: 1_000,
      to: 2_500,
      agent: 'triage',
      what: 'get_order',
      glyph: '✓',
      why: 'reads',
      faint: false,
    } as const;
    expect(drawBar(bar, paint, 100)).toBe('  1.00 s  triage    get_order         ━━━━━━━          ✓ reads');
    for (const width of [60, 70, 80, 200]) {
      const drawn = drawBar({ ...bar, why: 'a-rule-with-a-long-name'.repeat(9) }, paint, width);
      expect(drawn.length).toBeLessThanOrEqual(Math.max(width, 56));
    }
    expect(drawBar({ ...bar, from: 90_000, to: 99_000 }, paint, 100)).toContain(' ━ ✓');
  });
});
