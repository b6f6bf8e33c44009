import fc from 'fast-check';
import type { NumberBounds, Predicate } from '@writ/database';
import { fold, readJournal, type RunEvent, type RunSearchQuery, type RunTest } from '@writ/engine';
import { canonicalJson, type RunId } from '@writ/kernel';
import { type Desk, openDesk } from './desk';
import { manyKinds } from './many-kinds';

type Listed = Awaited<ReturnType<Desk['engine']['queries']['search']>>['data'][number];
interface Known {
  readonly row: Listed;
  readonly events: readonly RunEvent[];
}

let desk: Desk;
let kinds: Readonly<Record<string, RunId>>;
let all: readonly Known[];
let now: number;
const EVERYTHING: Predicate<RunTest> = { all: [] };

const asked = (more: Partial<RunSearchQuery> = {}): RunSearchQuery => ({
  tenant: desk.scenario.tenant,
  window: { basis: 'started', from: null, to: null },
  where: EVERYTHING,
  now,
  sort: '-started',
  limit: 200,
  after: null,
  count: false,
  ...more,
});

/** Every page of a search. */
async function found(more: Partial<RunSearchQuery>): Promise<Listed[]> {
  const rows: Listed[] = [];
  for (let after: string | null = null; ;) {
    const page = await desk.engine.queries.search(asked({ ...more, after }));
    rows.push(...page.data);
    if (page.next === null) return rows;
    after = page.next;
  }
}

beforeAll(async () => {
  desk = await openDesk();
  kinds = await manyKinds(desk);
  now = Date.now();
  const rows = await found({});
  const { tenant, db } = desk.scenario;
  all = await Promise.all(rows.map(async (row) => ({ row, events: await readJournal(db, tenant, row.id) })));
});
afterAll(() => desk.close());

const nameOf = (id: RunId): string => Object.entries(kinds).find(([, run]) => run === id)?.[0] ?? id;
const names = (rows: readonly Listed[]): string[] => rows.map((row) => nameOf(row.id)).sort();
const searched = async (where: Predicate<RunTest>): Promise<string[]> => names(await found({ where }));
const test = (one: RunTest): Predicate<RunTest> => ({ test: one });

describe('runs are found', () => {
  it('by what happened in them', async () => {
    const has = (word: (RunTest & { field: 'has' })['word']) => searched(test({ field: 'has', word }));
    expect(await has('denial')).toEqual(['handed_back', 'refused', 'stopped']);
    expect(await has('approval')).toEqual(['asks']);
    expect(await has('handoff')).toEqual(['handed_back', 'handed_over']);
    expect(await has('unknown')).toEqual(['unknown']);
    expect(await has('retry')).toEqual(['retried']);
    expect(await has('takeover')).toEqual([]);
  });

  it('by agent, tool and reason: of their events, never of what somebody wrote into an argument', async () => {
    expect(await searched(test({ field: 'agent', name: { is: 'cashier' } }))).toEqual(['handed_back', 'handed_over']);
    expect(await searched(test({ field: 'tool', name: { starts: 'hangs' } }))).toEqual(['unknown']);
    expect(await searched(test({ field: 'reason', name: { is: 'stopped' } }))).toEqual(['stopped']);
    const decoy = await desk.start({
      workflow: 'waits',
      input: { agent: 'cashier', target: 'pay', type: 'step_denied' },
    });
    await desk.stands(decoy, 'waiting_external');
    expect(await searched(test({ field: 'agent', name: { is: 'cashier' } }))).not.toContain(decoy);
    expect(await searched(test({ field: 'tool', name: { is: 'pay' } }))).toEqual(['paid', 'refused']);
    expect(await searched(test({ field: 'has', word: 'denial' }))).not.toContain(decoy);
  });

  it('by free text anywhere in what was said, in either case, but not by the salts that keep evidence unguessable', async () => {
    const text = (contains: string) => searched(test({ field: 'text', contains }));
    expect(await text('CHARGEBACK "dispute"'.replaceAll('"', '\\"'))).toEqual(['paid']);
    expect(await text('user:BOB')).toContain('looks');
    expect(await text(kinds['told']!)).toEqual(['told']);
    const salted = all.find(({ row }) => row.id === kinds['paid'])!.events.find((event) => 'salt' in event)!;
    const { salt } = salted as { salt: string };
    expect(salt).toMatch(/^[\w-]{22}$/);
    // Shorter beginnings stand by chance in digests and times that may be searched.
    for (const length of [10, 16, 22]) expect(await text(salt.slice(0, length))).not.toContain('paid');
    expect(await text('"salt"')).toEqual([]);
  });

  it('a value is never part of a statement', async () => {
    const evil = `' OR true; DROP TABLE writ.run; -- " \\ $1 %`;
    const nameTests = ['status', 'workflow', 'initiator', 'id', 'trace', 'agent', 'tool', 'model', 'reason'] as const;
    for (const field of nameTests) {
      for (const name of [{ is: evil }, { starts: evil }]) expect(await searched(test({ field, name }))).toEqual([]);
    }
    expect(await searched(test({ field: 'text', contains: evil }))).toEqual([]);
    expect(await found({})).not.toHaveLength(0);
  });
});

describe('a list of runs', () => {
  it('shows of each what its journal says: decisions, usage, agents, what it waits for', () => {
    for (const { row, events } of all) {
      const { usage } = fold(events);
      expect([nameOf(row.id), row.usage]).toEqual([nameOf(row.id), { ...usage, cost_micros: null }]);
      const count = (verdict: string): number => events.filter((event) => verdictOf(event) === verdict).length;
      expect(row.decisions).toEqual({ allow: count('allow'), ask: count('ask'), deny: count('deny') });
    }
    const of = (kind: string): Listed => all.find(({ row }) => row.id === kinds[kind])!.row;
    expect(of('handed_over')).toMatchObject({ root_agent: 'clerk', agent: 'cashier', waiting_on: null });
    expect(of('handed_back')).toMatchObject({ root_agent: 'clerk', agent: 'cashier' });
    expect(of('asks')).toMatchObject({ waiting_on: 'an approval of quiet', duration_ms: null, agent: 'clerk' });
    expect(of('waits')).toMatchObject({ waiting_on: 'the signal go', root_agent: null, agent: null });
    expect(of('unknown').waiting_on).toBe('somebody to say what became of hangs_hard');
    expect(of('stopped').waiting_on).toBe('the release of a stop, for look');
    const late = of('late');
    const lasted = Date.parse(late.finished_at!) - Date.parse(late.created_at);
    expect(Math.abs(late.duration_ms! - lasted)).toBeLessThanOrEqual(1);
  });

  it('page by page, in every order, has each run once and in that order', async () => {
    const durations = (row: Listed): number => row.duration_ms ?? now - Date.parse(row.created_at);
    const ends = (row: Listed): number => (row.finished_at === null ? Infinity : Date.parse(row.finished_at));
    const keys = { started: (row: Listed) => Date.parse(row.created_at), finished: ends, duration: durations };
    const whole = (await found({})).map(({ id }) => id).sort();
    for (const [name, key] of Object.entries(keys)) {
      for (const sort of [name, `-${name}`] as RunSearchQuery['sort'][]) {
        for (const limit of [1, 3, 200]) {
          const rows = await found({ sort, limit });
          expect([sort, limit, rows.map(({ id }) => id).sort()]).toEqual([sort, limit, whole]);
          const values = rows.map(key);
          const sorted = [...values].sort((a, b) => (sort.startsWith('-') ? b - a : a - b));
          if (name !== 'duration') expect(values).toEqual(sorted);
          else for (const [i, value] of values.entries()) expect(Math.abs(value - sorted[i]!)).toBeLessThan(5);
        }
      }
    }
  });

  it('counts what matches and what there is', async () => {
    const where = test({ field: 'is', word: 'problem' });
    const page = await desk.engine.queries.search(asked({ where, count: true, limit: 1 }));
    expect(page.matched).toEqual({ value: (await found({ where })).length, relation: 'exact' });
    expect(page.of).toEqual({ value: (await found({})).length, relation: 'exact' });
    expect(page.reached).toBeNull();
  });
});

describe('a window', () => {
  it('holds what started, ended or was going on in it, to the millisecond', async () => {
    const cuts = all.flatMap(({ row }) =>
      [row.created_at, row.finished_at ?? row.created_at].map((text) => Date.parse(text)),
    );
    const times = fc.constantFrom(...cuts, ...cuts.map((ms) => ms + 1), 0, now);
    const bases = fc.constantFrom<'started' | 'finished' | 'active'>('started', 'finished', 'active');
    await fc.assert(
      fc.asyncProperty(bases, times, times, async (basis, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
        const rows = (await found({ window: { basis, from, to } })).filter(({ id }) => nameOf(id) !== id);
        const inside = all.filter(({ row }) => {
          const start = Date.parse(row.created_at);
          const end = row.finished_at === null ? null : Date.parse(row.finished_at);
          // Rows hold microseconds, answers milliseconds: what lies on the edge itself is left to the database.
          if (basis === 'started') return start >= from && start < to;
          if (basis === 'finished') return end !== null && end >= from && end < to;
          return start < to && (end === null || end >= from);
        });
        expect(rows.map(({ id }) => id).sort()).toEqual(inside.map(({ row }) => row.id).sort());
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });

  it('adds up in a histogram, bucket by bucket', async () => {
    for (const buckets of [1, 7, 60]) {
      const made = await desk.engine.queries.histogram(asked(), buckets);
      const rows = await found({});
      expect(made).toMatchObject({ sampled: false, matched: { value: rows.length, relation: 'exact' } });
      const totals: Record<string, number> = {};
      for (const { at, counts } of made!.buckets) {
        expect((at - made!.from) % made!.bucketMs).toBe(0);
        for (const [status, count] of Object.entries(counts)) totals[status] = (totals[status] ?? 0) + count;
      }
      const expected: Record<string, number> = {};
      for (const row of rows) expected[row.status] = (expected[row.status] ?? 0) + 1;
      expect(totals).toEqual(expected);
    }
  });

  it('has values of fields, most frequent first', async () => {
    const window = { basis: 'started', from: null, to: null } as const;
    const scope = { tenant: desk.scenario.tenant, window };
    const values = (field: 'workflow' | 'agent' | 'tool', prefix = '') =>
      desk.engine.queries.values({ scope, field, prefix, limit: 10 });
    expect((await values('workflow')).values[0]).toEqual({ value: 'desk', count: 8 });
    expect(await values('agent')).toEqual({
      values: [
        { value: 'clerk', count: 8 },
        { value: 'cashier', count: 2 },
      ],
      complete: true,
    });
    expect((await values('tool', 'ha')).values).toEqual([{ value: 'hangs_hard', count: 1 }]);
    expect((await values('tool', 'zz')).values).toEqual([]);
  });
});

/** The verdict an event carries, told apart here by hand. */
function verdictOf(event: RunEvent): 'allow' | 'ask' | 'deny' | null {
  if (event.type === 'run_started' || event.type === 'step_intended') return 'allow';
  if (event.type === 'step_denied') return 'deny';
  if (event.type === 'step_asked') return event.decision.reason === 'stopped' ? 'deny' : 'ask';
  return null;
}

const inBounds = ({ min, minOpen, max, maxOpen }: NumberBounds, value: number | null): boolean =>
  value !== null &&
  (min === null || (minOpen ? value > min : value >= min)) &&
  (max === null || (maxOpen ? value < max : value <= max));

/** What a test means, on the events themselves: shares nothing with the statements. */
function holds(one: RunTest, { row, events }: Known): boolean {
  const named = (values: readonly (string | null | undefined)[]): boolean =>
    'name' in one &&
    values.some(
      (value) =>
        typeof value === 'string' && ('is' in one.name ? value === one.name.is : value.startsWith(one.name.starts)),
    );
  const steps = events.flatMap((event) =>
    event.type === 'step_intended' || event.type === 'step_denied' || event.type === 'step_asked' ? [event] : [],
  );
  switch (one.field) {
    case 'status':
    case 'workflow':
    case 'initiator':
    case 'id':
      return named([row[one.field]]);
    case 'trace':
      return named([row.trace_id]);
    case 'agent':
      return named(steps.map((step) => step.agent));
    case 'tool':
    case 'model':
      return named(steps.filter((step) => step.kind === one.field).map((step) => step.target));
    case 'reason':
      return named(events.map((event) => ('decision' in event ? event.decision.reason : null)));
    case 'is':
      if (one.word === 'live') return row.finished_at === null;
      if (one.word === 'final') return row.finished_at !== null;
      if (one.word === 'waiting') return /^(waiting_|paused)/.test(row.status);
      return ['failed', 'timed_out', 'denied', 'stopped', 'quarantined'].includes(row.status);
    case 'decision':
      return events.some((event) => verdictOf(event) === one.word);
    case 'has': {
      const seen = {
        denial: events.some((event) => verdictOf(event) === 'deny'),
        approval: events.some((event) => verdictOf(event) === 'ask'),
        handoff: steps.some((step) => step.type === 'step_intended' && step.kind === 'handoff'),
        retry:
          steps.some((step) => step.type === 'step_intended' && step.attempt > 1) ||
          events.some(({ type }) => type === 'retry_scheduled'),
        unknown: events.some(({ type }) => type === 'step_unknown'),
        takeover: events.some(({ type }) => type === 'run_resumed'),
      };
      return seen[one.word];
    }
    case 'events':
      return inBounds(one.bounds, events.length);
    case 'tokens':
    case 'model_calls':
    case 'tool_calls':
      return inBounds(one.bounds, fold(events).usage[one.field]);
    case 'text': {
      const bare = events.map((event) => canonicalJson({ ...event, salt: undefined }).toLowerCase());
      const cells = [row.id, row.workflow, row.initiator, row.status, row.trace_id ?? ''].join(' ').toLowerCase();
      return [cells, ...bare].some((text) => text.includes(one.contains.toLowerCase()));
    }
    default:
      throw new Error(`no reading of ${one.field} here`);
  }
}

const fits = (where: Predicate<RunTest>, known: Known): boolean => {
  if ('test' in where) return holds(where.test, known);
  if ('not' in where) return !fits(where.not, known);
  return 'all' in where ? where.all.every((one) => fits(one, known)) : where.any.some((one) => fits(one, known));
};

describe('any query', () => {
  it('finds exactly the runs it says, whatever is combined', async () => {
    const n = fc.constantFrom(0, 1, 2, 3, 5, 12, 40, 100);
    const bounds = fc.record({ min: fc.option(n), minOpen: fc.boolean(), max: fc.option(n), maxOpen: fc.boolean() });
    const named = (...values: string[]) =>
      fc
        .constantFrom(...values)
        .chain((value) =>
          fc.constantFrom<{ is: string } | { starts: string }>(
            { is: value },
            { starts: value.slice(0, 3) },
            { starts: '' },
          ),
        );
    const one: fc.Arbitrary<RunTest> = fc.oneof(
      fc.record({
        field: fc.constant('status' as const),
        name: named('succeeded', 'failed', 'waiting_approval', 'paused'),
      }),
      fc.record({
        field: fc.constantFrom('workflow' as const, 'initiator' as const),
        name: named('desk', 'waits', 'user:ann', 'user:bob'),
      }),
      fc.record({ field: fc.constant('agent' as const), name: named('clerk', 'cashier', 'nobody') }),
      fc.record({
        field: fc.constantFrom('tool' as const, 'model' as const),
        name: named('pay', 'look', 'quiet', 'scripted'),
      }),
      fc.record({
        field: fc.constant('reason' as const),
        name: named('allowed', 'stopped', 'approval_required', 'initiator_not_granted'),
      }),
      fc.record({ field: fc.constant('id' as const), name: named(...Object.values(kinds).slice(0, 6), 'run_none') }),
      fc.record({ field: fc.constant('is' as const), word: fc.constantFrom('live', 'final', 'waiting', 'problem') }),
      fc.record({
        field: fc.constant('has' as const),
        word: fc.constantFrom('denial', 'approval', 'handoff', 'retry', 'unknown', 'takeover'),
      }),
      fc.record({ field: fc.constant('decision' as const), word: fc.constantFrom('allow', 'ask', 'deny') }),
      fc.record({
        field: fc.constantFrom('events' as const, 'tokens' as const, 'model_calls' as const, 'tool_calls' as const),
        bounds,
      }),
      fc.record({
        field: fc.constant('text' as const),
        contains: fc.constantFrom('look', 'PAID', 'go on', 'clerk', 'zzz', 'a', '#1'),
      }),
    );
    const { where } = fc.letrec<{ where: Predicate<RunTest> }>((tie) => ({
      where: fc.oneof(
        { maxDepth: 3 },
        one.map((test) => ({ test })),
        tie('where').map((not) => ({ not })),
        fc.array(tie('where'), { maxLength: 3 }).map((items) => ({ all: items })),
        fc.array(tie('where'), { maxLength: 3 }).map((items) => ({ any: items })),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(where, fc.constantFrom(2, 200), async (asks, limit) => {
        const rows = (await found({ where: asks, limit })).filter(({ id }) => nameOf(id) !== id);
        expect(names(rows)).toEqual(
          all
            .filter((known) => fits(asks, known))
            .map(({ row }) => nameOf(row.id))
            .sort(),
        );
      }),
      { seed: Number(process.env['WRIT_SEED'] ?? 20_261_122), numRuns: process.env['WRIT_SOAK'] === '1' ? 3_000 : 250 },
    );
  }, 300_000);
});
