import fc from 'fast-check';
import { AuditSearch } from '@writ/audit';
import { matchesEvent, parseQuery, type QueryNode } from '@writ/contract';
import { auditPredicate } from '../../apps/control-plane/src';
import { until } from '../support/crash-world';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';
import { type Desk, openDesk } from './desk';
import { manyKinds } from './many-kinds';

type Query = Parameters<AuditSearch['page']>[0];
type Shown = Awaited<ReturnType<AuditSearch['page']>>['data'][number];

const home = logHome();
let desk: Desk;
let search: AuditSearch;
let all: readonly Shown[];
let now: number;

const asked = (more: Partial<Query> = {}): Query => ({
  tenant: desk.scenario.tenant,
  where: { all: [] },
  from: null,
  to: null,
  order: 'time',
  limit: 500,
  after: null,
  count: false,
  ...more,
});

async function found(more: Partial<Query> = {}): Promise<Shown[]> {
  const rows: Shown[] = [];
  for (let after: string | null = null; ;) {
    const page = await search.page(asked({ ...more, after }));
    rows.push(...page.data);
    if (page.next === null) return rows;
    after = page.next;
  }
}

const rooted = (text: string): QueryNode | null => {
  const { root, faults } = parseQuery(text, 'audit');
  expect([text, faults]).toEqual([text, []]);
  return root;
};
const searched = (text: string, more: Partial<Query> = {}): Promise<Shown[]> =>
  found({ where: auditPredicate(rooted(text), now), ...more });
const ids = (rows: readonly Shown[]): string[] => rows.map(({ event }) => event.id);

beforeAll(async () => {
  desk = await openDesk();
  const { ownerUrl, outsider } = desk.scenario;
  await manyKinds(desk);
  // Sealed and closed again: what comes after it stays unsealed.
  const sealing = await openSequencer(ownerUrl, home);
  await until('all to be sealed', async () => (await unsealedUnits(outsider)) === 0);
  await sealing.close();
  await desk.stands(await desk.start({ workflow: 'waits' }), 'waiting_external');
  search = new AuditSearch(desk.scenario.db);
  now = Date.now();
  all = await found();
});
afterAll(async () => {
  await desk.close();
  home.remove();
});

describe('the audit log is searched', () => {
  it('in the order it was recorded or the other way round, page by page, each event once', async () => {
    expect(all.length).toBeGreaterThan(80);
    expect(new Set(ids(all)).size).toBe(all.length);
    for (const limit of [3, 50]) {
      expect(ids(await found({ limit }))).toEqual(ids(all));
      expect(ids(await found({ limit, order: '-time' }))).toEqual(ids(all).reverse());
    }
  });

  it('with each event’s bytes as they were hashed, its number once it is sealed, and a sentence', async () => {
    const { rows } = await desk.scenario.outsider.query<{ events: string }>(
      'select writ.audit_lines(u) as events from writ.audit_unit u',
    );
    const stored = new Set(rows.flatMap(({ events }) => events.split('\n')));
    for (const { raw, event, sentence } of all) {
      expect(stored.has(raw)).toBe(true);
      expect(JSON.parse(raw)).toEqual(event);
      expect(sentence).toMatch(/^[A-Za-z].*[^ ]\.$/);
      expect(sentence).not.toMatch(/undefined|null|\[object|  /);
    }
    const numbers = all.flatMap(({ index }) => (index === null ? [] : [index]));
    expect([...numbers].sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
    const unsealed = all.filter(({ index }) => index === null);
    expect(unsealed.map(({ event }) => event.type)).toEqual(expect.arrayContaining(['run.started', 'run.waiting']));
    expect(ids(await searched('is:unsealed'))).toEqual(ids(unsealed));
  });

  it('whatever is combined, exactly as a reader without the database understands the query', async () => {
    const picked = (read: (one: Shown) => string | undefined): string[] =>
      [...new Set(all.map(read))].filter((one) => one !== undefined);
    const [run] = picked(({ event }) => event.run);
    const names: { readonly [field: string]: readonly string[] } = {
      type: picked(({ event }) => event.type),
      actor: picked(({ event }) => event.actor),
      action: picked(({ event }) => event.action),
      object: picked(({ event }) => event.object?.id),
      kind: picked(({ event }) => event.object?.type),
      reason: picked(({ event }) => event.decision?.reason),
      rule: picked(({ event }) => event.decision?.stages[1]?.[2]),
      outcome: picked(({ event }) => event.outcome),
      run: [run!, 'tenant'],
      id: [all[3]!.event.id],
      trace: picked(({ event }) => event.trace).slice(0, 2),
    };
    const named = fc.constantFrom(...Object.keys(names)).chain((field) =>
      fc.tuple(fc.constantFrom('nobody', ...names[field]!), fc.nat({ max: 8 })).map(([value, cut]) => {
        const quoted = JSON.stringify(cut > 5 ? value : value.slice(0, cut + 1));
        return `${field}:${quoted}${cut > 5 ? '' : '*'}`;
      }),
    );
    const times = all.map(({ event }) => event.time);
    const one = fc.oneof(
      named,
      named,
      fc.constantFrom(
        'decision:deny',
        'decision:ask,allow',
        'is:sealed',
        'is:unsealed',
        'step:>1',
        'step:2',
        'step:<=3',
        'type:*',
      ),
      fc.constantFrom(
        'index:<10',
        'index:5..20',
        'index:>=40',
        'index:7',
        '"RUN_"',
        '"\\"verdict\\":\\"deny\\""',
        'clerk',
        'zzz',
      ),
      fc.constantFrom(...times).map((time) => `time:<=${time}`),
      fc.constantFrom(...times).map((time) => `time:${time}..now`),
    );
    const query = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 3 },
        one,
        tie('text').map((text) => `-(${text})`),
        fc
          .array(tie('text'), { minLength: 2, maxLength: 3 })
          .map((parts) => parts.map((part) => `(${part})`).join(' ')),
        fc.array(tie('text'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' OR ')})`),
      ),
    })).text;
    await fc.assert(
      fc.asyncProperty(
        query,
        fc.constantFrom(30, 500),
        fc.constantFrom<'time' | '-time'>('time', '-time'),
        async (text, limit, order) => {
          const root = rooted(text);
          const expected = all.filter(({ event, index, raw }) =>
            matchesEvent(root, { event: { ...event }, index, raw }, now),
          );
          const rows = await searched(text, { limit, order });
          expect([text, ids(rows)]).toEqual([text, order === 'time' ? ids(expected) : ids(expected).reverse()]);
        },
      ),
      { seed: Number(process.env['WRIT_SEED'] ?? 20_261_122), numRuns: process.env['WRIT_SOAK'] === '1' ? 3_000 : 250 },
    );
  }, 300_000);

  it('a value is never part of a statement', async () => {
    const evil = `"' OR true; DROP TABLE writ.audit_unit; -- \\\\ $1 % \\""`;
    for (const field of ['type', 'actor', 'object', 'rule', 'run', 'id', 'trace', 'outcome']) {
      expect(await searched(`${field}:${evil}`)).toEqual([]);
      expect(await searched(`${field}:${evil}*`)).toEqual([]);
    }
    expect(await searched(evil)).toEqual([]);
    expect(await found()).toHaveLength(all.length);
  });

  it('and counted: in all, over time, and by the values of a field', async () => {
    const where = auditPredicate(rooted('type:action.*'), now);
    const page = await search.page(asked({ where, limit: 1, count: true }));
    const expected = all.filter(({ event }) => event.type.startsWith('action.'));
    expect(page.matched).toEqual({ value: expected.length, relation: 'exact' });
    expect(page.of).toEqual({ value: all.length, relation: 'exact' });
    for (const by of ['category', 'decision', 'actor'] as const) {
      const made = await search.histogram(asked(), 20, by);
      expect(made).toMatchObject({ sampled: false, matched: { value: all.length, relation: 'exact' } });
      const totals: Record<string, number> = {};
      for (const { counts } of made!.buckets) {
        for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
      }
      const groups = {
        category: (one: Shown) => one.event.type.split('.')[0]!,
        decision: (one: Shown) => one.event.decision?.verdict ?? 'none',
        actor: (one: Shown) => one.event.actor ?? 'none',
      };
      const counted: Record<string, number> = {};
      for (const one of all) counted[groups[by](one)] = (counted[groups[by](one)] ?? 0) + 1;
      expect(totals).toEqual(counted);
    }
    const { tenant } = desk.scenario;
    const values = await search.values({ tenant, from: null, to: null, field: 'decision', prefix: '', limit: 5 });
    expect(values.values.map(({ value }) => value).sort()).toEqual(['allow', 'ask', 'deny']);
    expect(values.complete).toBe(true);
  });

  it('[I11] by its own tenant alone', async () => {
    const { newId } = await import('@writ/kernel');
    const page = await search.page(asked({ tenant: newId('tenant'), count: true }));
    expect(page).toMatchObject({ data: [], next: null, of: { value: 0 }, matched: { value: 0 } });
  });
});
