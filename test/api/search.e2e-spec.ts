import { ApiServer, type Answer, type Caller } from './server';
import { DOCUMENTS, START } from './documents';

let server: ApiServer;
let admin: Caller;
beforeAll(async () => {
  server = await ApiServer.open();
  admin = await server.tenant();
  await server.publish(admin.tenant, DOCUMENTS);
  for (let i = 0; i < 7; i++) await server.post('/v1/runs', { key: admin.token, body: START });
});
afterAll(() => server.close());

const get = (path: string, query: { readonly [name: string]: string } = {}): Promise<Answer> =>
  server.get(`${path}?${new URLSearchParams(query).toString()}`, { key: admin.token });
const idsOf = (answer: Answer): string[] => (answer.body['data'] as { id: string }[]).map(({ id }) => id);
const next = (answer: Answer): string => answer.body['next_cursor'] as string;

describe('a query over HTTP', () => {
  it('finds, and says what it covered', async () => {
    const all = await get('/v1/runs', { include: 'total' });
    expect(all.body['coverage']).toMatchObject({
      matched: { value: 7, relation: 'exact' },
      of: { value: 7, relation: 'exact' },
      from: null,
      complete: true,
      reached: null,
    });
    const none = await get('/v1/runs', { filter: 'status:failed OR agent:nobody', from: '-1h', include: 'total' });
    expect(none.body).toMatchObject({
      data: [],
      has_more: false,
      coverage: { matched: { value: 0 }, of: { value: 7 } },
    });
    const some = await get('/v1/runs', {
      filter: 'workflow:de* initiator:user:root "Where IS my"',
      from: '-1h',
      to: 'now',
    });
    expect(idsOf(some)).toEqual(idsOf(all));
  });

  it.each([
    ['stauts:failed', 'unknown_field', 'stauts:'],
    ['status:failed,done', 'unknown_value', 'done'],
    ['(workflow:desk', 'unbalanced', '('],
    ['duration:>fast', 'wrong_value', '>fast'],
    ['a\u0000b', 'unexpected', '\u0000'],
  ])('that says %j is refused with the place and the reason', async (filter, code, place) => {
    for (const path of ['/v1/runs', '/v1/runs/histogram']) {
      const refused = await get(path, { filter });
      expect([refused.status, refused.body['code']]).toEqual([400, 'invalid_filter']);
      const [error] = refused.body['errors'] as { code: string; pointer: string; at: { start: number; end: number } }[];
      expect(error).toMatchObject({ in: 'query', pointer: '/filter', code });
      expect(filter.slice(error!.at.start, error!.at.end)).toBe(place);
    }
  });

  it('names every fault of it at once, with what would do', async () => {
    const refused = await get('/v1/runs', { filter: 'stauts:failed is:lively' });
    expect(refused.body['errors']).toEqual([
      expect.objectContaining({ code: 'unknown_field', allowed: expect.arrayContaining(['status']) as string[] }),
      expect.objectContaining({ code: 'unknown_value', allowed: ['live', 'final', 'waiting', 'problem'] }),
    ]);
    const both = await get('/v1/runs', { filter: 'stauts:x', limit: '0' });
    expect(both.body['code']).toBe('invalid_request');
  });

  it.each([
    [{ from: 'yesterdayish' }, '/from'],
    [{ to: '2026-02-30' }, '/to'],
    [{ sort: 'cost' }, '/sort'],
    [{ basis: 'ended' }, '/basis'],
    [{ include: 'everything' }, '/include'],
    [{ fliter: 'status:failed' }, '/fliter'],
  ])('%j is refused', async (query: { [name: string]: string }, pointer) => {
    const refused = await get('/v1/runs', query);
    expect(refused.status).toBe(400);
    expect(refused.body['errors']).toEqual([expect.objectContaining({ in: 'query', pointer })]);
  });

  it('is not run by whoever may not read runs', async () => {
    const { token } = await server.key(admin.tenant, { principal: 'user:nobody' });
    for (const path of ['/v1/runs?filter=status:failed', '/v1/runs/histogram', '/v1/runs/values?field=workflow']) {
      expect((await server.get(path, { key: token })).body).toMatchObject({ code: 'policy_denied' });
    }
    const other = await server.tenant();
    expect((await server.get('/v1/runs?include=total', { key: other.token })).body).toMatchObject({
      data: [],
      coverage: { matched: { value: 0 }, of: { value: 0 } },
    });
    expect((await server.get('/v1/runs/values?field=workflow', { key: other.token })).body).toMatchObject({
      values: [],
    });
  });
});

describe('a cursor', () => {
  it('walks the pages of one query, and belongs to no other', async () => {
    const query = { filter: 'workflow:desk', from: '-1h', limit: '3' };
    const seen: string[] = [];
    let page = await get('/v1/runs', query);
    for (;;) {
      seen.push(...idsOf(page));
      if (page.body['has_more'] === false) break;
      const cursor = next(page);
      for (const other of [{ filter: 'workflow:*' }, { from: '-2h' }, { sort: 'started' }, { basis: 'active' }]) {
        const refused = await get('/v1/runs', { ...query, ...other, cursor });
        expect([other, refused.status, refused.body['code']]).toEqual([other, 400, 'cursor_mismatch']);
      }
      page = await get('/v1/runs', { ...query, limit: '2', cursor });
    }
    expect(seen).toEqual(idsOf(await get('/v1/runs')));
  });

  it('keeps the moment of the first page: relative times do not move under a reader', async () => {
    const query = { filter: 'started:-24h..now duration:<1h', limit: '3' };
    const first = await get('/v1/runs', query);
    await server.post('/v1/runs', { key: admin.token, body: START });
    const second = await get('/v1/runs', { ...query, cursor: next(first) });
    const third = await get('/v1/runs', { ...query, cursor: next(second) });
    expect(new Set([first, second, third].flatMap(idsOf)).size).toBe(7);
    const [a, b] = [first, second].map((page) => (page.body['coverage'] as { to: string }).to);
    expect(a).toBe(b);
  });
});

describe('a histogram', () => {
  it('counts every run once, in buckets of equal length', async () => {
    const made = await get('/v1/runs/histogram', { buckets: '12', from: '-1h' });
    const { bucket_ms, buckets, from, to } = made.body as unknown as {
      bucket_ms: number;
      buckets: { at: string; counts: { [status: string]: number } }[];
      from: string;
      to: string;
    };
    expect(bucket_ms * 12).toBeGreaterThanOrEqual(Date.parse(to) - Date.parse(from));
    const total = buckets.reduce((sum, { counts }) => sum + (counts['queued'] ?? 0), 0);
    expect(total).toBe(idsOf(await get('/v1/runs')).length);
    expect((await get('/v1/runs/histogram', { filter: 'status:failed' })).body['buckets']).toEqual([]);
    expect((await get('/v1/runs/histogram', { buckets: '0' })).status).toBe(400);
  });

  it('and the values of a field say what there is', async () => {
    const values = await get('/v1/runs/values', { field: 'workflow', prefix: 'd' });
    expect(values.body).toEqual({ field: 'workflow', values: [{ value: 'desk', count: 8 }], complete: true });
    expect((await get('/v1/runs/values', { field: 'salt' })).body).toMatchObject({ code: 'invalid_request' });
  });
});

describe('the audit log over HTTP', () => {
  it('is queried like runs are, and every look into it is recorded', async () => {
    const newest = await get('/v1/audit/events', {
      filter: 'type:run.* decision:allow',
      sort: '-time',
      include: 'total',
    });
    const events = newest.body['data'] as { type: string; view: { sentence: string; index: number | null } }[];
    expect(events.map(({ type }) => type)).toEqual(events.map(() => 'run.started'));
    expect(events[0]?.view).toEqual({ sentence: 'user:root started desk.', index: null });
    expect(newest.body['coverage']).toMatchObject({ matched: { value: events.length }, complete: true });
    await get('/v1/audit/histogram', { by: 'actor' });
    const values = await get('/v1/audit/values', { field: 'type', prefix: 'run.' });
    expect(values.body).toMatchObject({ values: [{ value: 'run.started', count: events.length }] });
    const reads = await get('/v1/audit/events', { filter: 'type:access.read actor:user:root', sort: '-time' });
    expect((reads.body['data'] as { detail: object }[]).map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ values: 1 }),
      expect.objectContaining({ filter: '{"buckets":60,"by":"actor"}' }),
      expect.objectContaining({ events: events.length }),
    ]);
  });

  it('refuses a query of another list, a wrong cursor and who may not read it', async () => {
    const runs = await get('/v1/audit/events', { filter: 'tokens:>3' });
    expect(runs.body).toMatchObject({
      code: 'invalid_filter',
      errors: [{ code: 'unknown_field', at: { start: 0, end: 7 } }],
    });
    const page = await get('/v1/audit/events', { filter: 'type:*', limit: '1' });
    const other = await get('/v1/audit/events', { filter: 'type:run.*', limit: '1', cursor: next(page) });
    expect([other.status, other.body['code']]).toEqual([400, 'cursor_mismatch']);
    const { token } = await server.key(admin.tenant, { principal: 'user:nobody' });
    for (const path of ['/v1/audit/events?filter=type:*', '/v1/audit/histogram', '/v1/audit/values']) {
      expect((await server.get(path, { key: token })).body).toMatchObject({ code: 'policy_denied' });
    }
  });
});
