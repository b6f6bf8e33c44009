import { ROUTES } from '@writ/contract';
import { fold, readJournal } from '@writ/engine';
import type { RunId } from '@writ/kernel';
import { type Desk, openDesk } from './desk';
import { manyKinds } from './many-kinds';

let desk: Desk;
let kinds: Readonly<Record<string, RunId>>;
beforeAll(async () => {
  desk = await openDesk();
  kinds = await manyKinds(desk);
});
afterAll(() => desk.close());

const timeline = async (kind: string) => {
  const made = await desk.engine.queries.timeline(desk.scenario.tenant, kinds[kind]!, Date.now());
  if (!made) throw new Error(`there is no run ${kind}`);
  return made;
};

describe('the timeline of a real run', () => {
  it('says what its journal and its row say, whatever kind of run it is', async () => {
    const { tenant, db } = desk.scenario;
    for (const [kind, run] of Object.entries(kinds)) {
      const made = await timeline(kind);
      const events = await readJournal(db, tenant, run);
      expect([kind, ROUTES.getRunTimeline.responses[200].schema.safeParse(made).error]).toEqual([kind, undefined]);
      const row = await desk.engine.queries.get(tenant, run);
      expect([kind, made.status, made.usage]).toEqual([
        kind,
        row?.status,
        { ...fold(events).usage, cost_micros: null },
      ]);
      expect(made.next_seq).toBe(events.length);
      expect([kind, made.to_ms === null]).toEqual([kind, row?.finished_at === null]);
      const decided = (await desk.engine.queries.decisions(tenant, run, { limit: 200 }))!.data;
      const shown = [made.start, ...made.steps.flatMap(({ decisions }) => decisions)].sort(
        (a, b) => a.sequence - b.sequence,
      );
      expect(shown.map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual(
        decided.map(({ id, verdict, reason }) => [id, verdict, reason]),
      );
      let at = 0;
      for (const { from_ms, to_ms } of made.segments) {
        expect([kind, from_ms]).toEqual([kind, at]);
        at = to_ms ?? made.as_of_ms;
      }
      expect(at).toBe(made.to_ms ?? made.as_of_ms);
    }
  });

  it('shows each kind of waiting, refusal, loss and handoff as what it is', async () => {
    const last = async (kind: string) => (await timeline(kind)).segments.at(-1)?.kind;
    expect(await last('asks')).toBe('waiting_approval');
    expect(await last('waits')).toBe('waiting_external');
    expect(await last('unknown')).toBe('waiting_reconciliation');
    expect(await last('stopped')).toBe('paused');
    const refused = await timeline('refused');
    expect(refused.problems.map((i) => refused.steps[i])).toMatchObject([
      { kind: 'tool', target: 'pay', state: 'denied' },
    ]);
    const lost = await timeline('unknown');
    expect(lost.steps.find(({ state }) => state === 'unknown')).toMatchObject({
      target: 'hangs_hard',
      segments: [{ outcome: 'lost' }, { kind: 'waiting_reconciliation' }],
    });
    const over = await timeline('handed_over');
    expect(over.lanes.map(({ agent }) => agent)).toEqual(['clerk', 'cashier']);
    expect(over.handoffs).toMatchObject([{ from_lane: 0, to_lane: 1, to_agent: 'cashier', state: 'made' }]);
    const back = await timeline('handed_back');
    expect(back.handoffs.map(({ state, to_lane }) => [state, to_lane])).toEqual([
      ['made', 1],
      ['denied', null],
    ]);
    const retried = await timeline('retried');
    expect(retried.steps.find(({ target }) => target === 'throws')).toMatchObject({
      state: 'error',
      detail: expect.stringContaining('the shelf is empty') as string,
    });
    expect(retried.steps.some(({ attempts }) => attempts > 1)).toBe(true);
  });

  it('is nobody else’s', async () => {
    const { newId } = await import('@writ/kernel');
    expect(await desk.engine.queries.timeline(newId('tenant'), kinds['paid']!, Date.now())).toBeNull();
  });
});
