import { readJournal } from '@writ/engine';
import { drawOf, newId, type RunId } from '@writ/kernel';
import { parseBundle, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { contentFaults } from '../verify/content-faults';
import { type Desk, documents, openDesk, policy, say } from './desk';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const BOSS = 'user:boss';

/** The desk's policy with controls of tiers. */
function tiered(tiers: object, obligations: object = {}): PolicyBundle {
  const rules = `${policy.rules}\np, user:boss, {tenant}, approval:*, approval.*, , allow`;
  const bundle = parseBundle(JSON.stringify({ ...policy, rules, obligations, tiers }));
  if (!bundle.ok) throw new Error(bundle.failure.message);
  return bundle.value;
}

/** A run of high risk that has everything done by another one. */
const OUTER = {
  kind: 'workflow',
  name: 'outer',
  owner: 'desk',
  purpose: 'has others look',
  root: { type: 'run', workflow: 'look_twice' },
};

/** The desk's documents anew, some of them marked. */
async function mark(marks: { readonly [name: string]: object }): Promise<void> {
  const { db, tenant } = desk.scenario;
  const marked = [...documents, OUTER].map((one) => ({ ...one, ...marks[(one as { name: string }).name] }));
  const done = await db.withTenant(tenant, (tx) => publish(tx, { tenant, author: 'user:author', documents: marked }));
  if (!done.ok) throw new Error(JSON.stringify(done.failure));
}

interface Drawn {
  readonly prev: string;
  readonly tier?: string;
  readonly detail: { readonly seed?: string; readonly share?: number; readonly review?: string };
}

/** What the end of a run says of its draw, in evidence. */
async function endOf(run: RunId): Promise<Drawn> {
  const { rows } = await desk.scenario.outsider.query<{ events: string }>(
    `select writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1 and run = $2 order by seq`,
    [desk.scenario.tenant, run],
  );
  const events = rows.flatMap((row) => row.events.split('\n')).map((line) => JSON.parse(line) as { type: string });
  return events.find(({ type }) => type === 'run.finished') as unknown as Drawn;
}

const faults = (): Promise<readonly string[]> => contentFaults(desk.scenario.outsider, desk.scenario.tenant);

const reviewed = async (): Promise<ReadonlyMap<string, { why: string; tier: string; seed: string }>> => {
  const { rows } = await desk.scenario.outsider.query<{ run: string; why: string; tier: string; seed: string }>(
    `select run, why, tier, seed from writ.review where tenant = $1`,
    [desk.scenario.tenant],
  );
  return new Map(rows.map((row) => [row.run, row]));
};

const HIGH = { stage: 'tier', subject: 'high' };
const LOOKS = [{ calls: [{ name: 'look', arguments: { order: '#1' } }] }, { text: 'Seen.' }];

describe('controls of a tier', () => {
  it('[I7] people are asked before a tool of high risk is called, and not before any other of the same run', async () => {
    await mark({ pay: { risk: 'high' } });
    const controls = { ask: { actions: ['tool.invoke'], oblige: ['one'] } };
    await desk.scenario.activate(tiered({ high: { controls } }, { one: { type: 'require_approval' } }));
    const turns = [
      { calls: [{ name: 'look', arguments: { order: '#1' } }] },
      { calls: [{ name: 'pay', arguments: { order: '#1', amount: 5 } }] },
      { text: 'Paid.' },
    ];
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'asked', turns) });
    await desk.stands(run, 'waiting_approval');
    const { commands, queries } = desk.engine.approvals;
    const { tenant } = desk.scenario;
    const found = await queries.list({
      tenant,
      reader: desk.as(BOSS),
      where: { all: [] },
      mine: false,
      sort: 'requested',
      limit: 50,
      after: null,
      now: Date.now(),
    });
    const asked = found.data.find(({ approval }) => approval.run === run);
    expect(asked!.approval.document.why).toBe('Approval required: by control ask of tier high.');
    const voted = await commands.vote({
      tenant,
      caller: desk.as(BOSS),
      approval: asked!.approval.id,
      verdict: 'approve',
      comment: '',
    });
    expect(voted.ok).toBe(true);
    await desk.stands(run, 'succeeded');
    const tiers = (await readJournal(desk.scenario.db, tenant, run)).flatMap((event) =>
      event.type === 'step_intended' && event.kind === 'tool' ? [event.decision.stages.at(-1)?.subject] : [],
    );
    expect(tiers).toEqual(['medium', 'high']);
  });

  it('a guardrail that a tier requires stands before its acts, whatever it says of whom it is for, and before no others', async () => {
    const { guardrails } = policy;
    const rules = 'p, *, {tenant}, workflow:*, run.finish, , allow';
    const checks = { orders: { at: ['output'], agents: ['nobody'], answers: false, longer_than: 1 } };
    const guarded = (tiers: object): PolicyBundle => {
      const bundle = parseBundle(
        JSON.stringify({
          ...tiered(tiers),
          rules: `${policy.rules}\n${rules}`,
          guardrails: { ...guardrails, checks },
        }),
      );
      if (!bundle.ok) throw new Error(bundle.failure.message);
      return bundle.value;
    };
    const pays = [
      { calls: [{ name: 'look', arguments: { order: '#1' } }] },
      { calls: [{ name: 'pay', arguments: { order: '#1', amount: 5 } }] },
      { text: '.' },
    ];
    const reasons = async (run: RunId): Promise<unknown[]> =>
      (await readJournal(desk.scenario.db, desk.scenario.tenant, run)).flatMap((event) =>
        event.type === 'step_denied' ? [event.decision.reason] : [],
      );
    await mark({ pay: { risk: 'high' } });
    await desk.scenario.activate(guarded({}));
    const free = await desk.start({ workflow: 'desk', input: say(desk, 'unguarded', pays) });
    await desk.stands(free, 'succeeded');
    expect(await reasons(free)).toEqual([]);
    await desk.scenario.activate(guarded({ high: { guardrails: ['orders'] } }));
    const paid = desk.reached.length;
    const held = await desk.start({ workflow: 'desk', input: say(desk, 'held', pays) });
    await desk.stands(held, 'succeeded');
    expect(await reasons(held)).toEqual(['guardrail_denied']);
    // The look, of another tier and reading alone, went through; the payment did not.
    expect(desk.reached.slice(paid)).toHaveLength(1);
    expect(await faults()).toEqual([]);
  });

  it('an agent whose review is over acts no more, once its tier says so, and its runs end as denied', async () => {
    await mark({ clerk: { review_by: '2020-01-01' } });
    await desk.scenario.activate(tiered({ medium: { overdue: 'block' } }));
    const reached = desk.reached.length;
    const run = await desk.start({ workflow: 'desk', input: say(desk, 'overdue', LOOKS) });
    await desk.stands(run, 'denied', 'failed');
    const events = await readJournal(desk.scenario.db, desk.scenario.tenant, run);
    expect(events.filter(({ type }) => type === 'step_denied')).toEqual([
      expect.objectContaining({ decision: expect.objectContaining({ reason: 'accountability_lapsed' }) }),
    ]);
    expect(desk.reached).toHaveLength(reached);
    // Reviewed anew, it acts.
    await mark({ clerk: { review_by: '2999-12-31' } });
    const next = await desk.start({ workflow: 'desk', input: say(desk, 'reviewed', LOOKS) });
    await desk.stands(next, 'succeeded');
  });

  it('[I6] what a run of high risk has another run do is of high risk there too', async () => {
    await mark({ look: { risk: 'low' }, look_twice: { risk: 'low' }, outer: { risk: 'high' } });
    await desk.scenario.activate(tiered({ high: {} }));
    const run = await desk.start({ workflow: 'outer' });
    await desk.stands(run, 'succeeded');
    const { db, tenant } = desk.scenario;
    const started = (await readJournal(db, tenant, run)).flatMap((event) =>
      event.type === 'step_intended' && event.child ? [event.child.run] : [],
    );
    const calls = (await readJournal(db, tenant, started[0]!)).filter(({ type }) => type === 'step_intended');
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(call).toMatchObject({ decision: { stages: expect.arrayContaining([expect.objectContaining(HIGH)]) } });
    }
    expect(await faults()).toEqual([]);
  });

  it('a run uses no more than its tier lets it, whatever its workflow and its start say', async () => {
    await mark({});
    await desk.scenario.activate(tiered({ medium: { budget: { tool_calls: 1 } } }));
    const run = await desk.start({ workflow: 'look_twice', budget: { tool_calls: 100 } });
    await desk.stands(run, 'failed');
    const events = await readJournal(desk.scenario.db, desk.scenario.tenant, run);
    expect(events[0]).toMatchObject({ budget: { tool_calls: 1 } });
    expect(events.at(-1)).toMatchObject({ failure: { code: 'budget_exhausted' } });
  });
});

describe('runs that people look at', () => {
  it('are exactly those that anybody draws again from evidence and policy, and so does the offline verifier', async () => {
    const share = 0.5;
    await mark({ look: { risk: 'low' }, look_twice: { risk: 'low' }, waits: { risk: 'high' } });
    await desk.scenario.activate(tiered({ low: { review: { share } }, high: { review: { share: 1 } } }));
    const runs = await Promise.all(Array.from({ length: 24 }, () => desk.start({ workflow: 'look_twice' })));
    for (const run of runs) await desk.stands(run, 'succeeded');
    const queue = await reviewed();
    for (const run of runs) {
      const { prev, tier, detail } = await endOf(run);
      expect([tier, detail.share, detail.seed]).toEqual(['low', share, prev]);
      const due = drawOf(prev, run) < share;
      expect([run, detail.review, queue.has(run)]).toEqual([run, due ? 'share' : 'none', due]);
    }
    expect(await faults()).toEqual([]);
  });

  it('are all of those that end as the policy names, and none of a tier without reviews', async () => {
    await mark({ waits: { risk: 'high' } });
    await desk.scenario.activate(tiered({ high: { review: { share: 0, always: ['cancelled'] } } }));
    const cancelled = await desk.start({ workflow: 'waits' });
    await desk.stands(cancelled, 'waiting_external');
    const { tenant } = desk.scenario;
    await desk.engine.commands.cancel({ tenant, caller: desk.as(BOSS), run: cancelled, reason: 'enough' });
    await desk.stands(cancelled, 'cancelled');
    const other = await desk.start({ workflow: 'look_twice' });
    await desk.stands(other, 'succeeded');
    const queue = await reviewed();
    expect([queue.get(cancelled)?.why, queue.get(cancelled)?.tier, queue.has(other)]).toEqual([
      'always',
      'high',
      false,
    ]);
    expect((await endOf(other)).detail).not.toHaveProperty('review');
  });

  it('stand there before the run is over, and nobody sees them before', async () => {
    await mark({ waits: { risk: 'high' } });
    await desk.scenario.activate(tiered({ high: { review: { share: 1 } } }));
    const run = await desk.start({ workflow: 'waits' });
    await desk.stands(run, 'waiting_external');
    expect((await reviewed()).has(run)).toBe(false);
    const { tenant } = desk.scenario;
    await desk.engine.commands.cancel({ tenant, caller: desk.as(BOSS), run, reason: 'enough' });
    await desk.stands(run, 'cancelled');
    expect((await reviewed()).get(run)).toMatchObject({ why: 'share', seed: (await endOf(run)).prev });
  });

  it('are looked at once, also when whoever drew them first died before they ended', async () => {
    await mark({ waits: { risk: 'high' } });
    await desk.scenario.activate(tiered({ high: { review: { share: 0 } } }));
    const { tenant, outsider } = desk.scenario;
    const run = await desk.start({ workflow: 'waits' });
    await desk.stands(run, 'waiting_external');
    await outsider.query(
      `insert into writ.review (tenant, id, run, workflow, initiator, caller, tier, policy, seed, share, why, due_at)
       values ($1, $2, $3, 'waits', 'user:ann', 'user:ann', 'high', 'sha256:x', 'of before', 1, 'share', now())`,
      [tenant, newId('review'), run],
    );
    const open = async () => (await outsider.query<{ open: number }>(`select open from writ.review_load()`)).rows;
    const before = (await open())[0]?.open ?? 0;
    await desk.engine.commands.cancel({ tenant, caller: desk.as(BOSS), run, reason: 'enough' });
    await desk.stands(run, 'cancelled');
    expect((await open())[0]?.open).toBe(before + 1);
    expect((await reviewed()).get(run)).toMatchObject({ seed: 'of before' });
    expect((await endOf(run)).detail.review).toBe('none');
  });
});
