import { get } from 'node:http';
import { newId, type RunId } from '@writ/kernel';
import { revokeKey } from '@writ/identity';
import { WritClient } from '@writ/sdk';
import { policy, say } from '../scenarios/desk';
import { unsealedUnits } from '../support/log-world';
import { seeded } from '../support/seeded';
import { until } from '../support/crash-world';
import { connect, following, type LiveWorld, openLiveWorld, type RawEvent } from './live-world';

let world: LiveWorld;
let token: string;
beforeAll(async () => {
  world = await openLiveWorld();
  token = (await world.key()).token;
  // What the desk's own policy says nothing of: who may look.
  const { desk } = world;
  await desk.scenario.activate({
    ...policy,
    rules: [
      policy.rules,
      'p, user:boss, {tenant}, run:*, run.read, , allow',
      'p, user:boss, {tenant}, audit:*, audit.read, , allow',
    ].join('\n'),
  });
});
afterAll(() => world.close());

const eventsOf = (run: string): string => `${world.url}/v1/runs/${run}/events`;
const calling = (times: number): object[] => [
  ...Array.from({ length: times }, () => ({ calls: [{ name: 'look', arguments: {} }] })),
  { text: 'Done.' },
];
const startLong = (id: string, times: number): Promise<RunId> =>
  world.desk.start({ workflow: 'desk', input: say(world.desk, id, calling(times)) });
const journal = async (run: string): Promise<unknown[]> => {
  const client = new WritClient({ url: world.url, apiKey: token });
  const all: unknown[] = [];
  for await (const event of client.runs.events(run, { limit: 200 })) all.push(event);
  return all;
};
const data = (events: readonly RawEvent[]): unknown[] =>
  events.filter(({ event }) => event !== 'stream.end').map((one) => one.data);
const json = async (path: string): Promise<{ status: number; body: Record<string, unknown>; ms: number }> => {
  const began = performance.now();
  const response = await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    ms: performance.now() - began,
  };
};

describe('a stream of a run', () => {
  it('is the journal: the same events as the list, by sequence, while it happens, and ends with the run', async () => {
    const run = await startLong('whole', 6);
    const { status, headers, text, events } = await connect(eventsOf(run), { token });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    expect(headers['cache-control']).toBe('no-store');
    expect(text.startsWith('retry: ')).toBe(true);
    expect(events.at(-1)).toEqual({ id: null, event: 'stream.end', data: { reason: 'finished' } });
    expect(data(events)).toEqual(await journal(run));
    for (const { id, event, data: item } of events.slice(0, -1))
      expect([id, event]).toEqual([item['sequence'], item['type']]);
    expect(text).not.toContain('"salt"');
    expect(text).toContain('"decision"');
    expect(text).not.toContain('earMisses');
  });

  it('comes within a moment of the commit, also to many at once, and costs one look for all of them', async () => {
    const run = await world.desk.start({ workflow: 'waits' });
    await world.desk.stands(run, 'waiting_external');
    const { tenant } = world.desk.scenario;
    const watching = Array.from({ length: 40 }, () => following(eventsOf(run), { token }));
    await Promise.all(watching.map(({ opened }) => opened));
    expect(world.desk.engine.live.runs.size).toBe(1);
    await world.desk.engine.commands.signal({
      tenant,
      run,
      name: 'go',
      payload: null,
      caller: world.desk.as('user:boss'),
    });
    const whole = await journal(run);
    for (const seen of await Promise.all(watching.map(({ ended }) => ended))) {
      expect(seen.events.at(-1)?.data).toEqual({ reason: 'finished' });
      expect(data(seen.events).length).toBeGreaterThanOrEqual(whole.length);
    }
    await until('nobody to be followed', async () => world.desk.engine.live.runs.size === 0);
  });

  it('is not opened by a HEAD, which only asks what a GET would answer', async () => {
    const run = await world.desk.start({ workflow: 'waits' });
    await world.desk.stands(run, 'waiting_external');
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
    const head = await fetch(eventsOf(run), { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(world.desk.engine.live.runs.size).toBe(0);
  });

  it('goes on after the last event that arrived, by header or by parameter, to the end at once when there is no more', async () => {
    const run = await startLong('again', 3);
    await world.desk.stands(run, 'succeeded');
    const all = await journal(run);
    for (const after of [-1, 0, 4, all.length - 2, all.length - 1]) {
      const byParameter = await connect(`${eventsOf(run)}?after=${after}`, { token });
      expect(data(byParameter.events)).toEqual(all.slice(after + 1));
      if (after < 0) continue;
      const byHeader = await connect(`${eventsOf(run)}?after=0`, { token, lastEventId: after });
      expect(data(byHeader.events)).toEqual(all.slice(after + 1));
      expect(byHeader.events.at(-1)?.event).toBe('stream.end');
    }
  });

  it('loses nothing to a reader who reads slowly, however much was said meanwhile', async () => {
    const turn = { calls: Array.from({ length: 15 }, () => ({ name: 'look', arguments: {} })) };
    const turns = [...Array.from({ length: 15 }, () => turn), { text: 'Done.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, 'slow', turns) });
    const slow = new Promise<string>((resolve, reject) => {
      get(
        eventsOf(run),
        { headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` }, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.pause();
          // Nothing is read until all was said; then sip by sip.
          void world.desk.stands(run, 'succeeded').then(() => {
            const sip = setInterval(() => (response.readableFlowing ? response.pause() : response.resume()), 2);
            response.on('end', () => clearInterval(sip));
            response.resume();
          }, reject);
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve(text));
          response.on('error', reject);
        },
      );
    });
    const sequences = [...(await slow).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(sequences.length).toBeGreaterThan(450);
    expect(sequences).toEqual(sequences.map((_, i) => i));
    expect(sequences).toHaveLength((await journal(run)).length);
  });

  it('[I8] over a thousand cut connections while runs go on: no loss, no duplicate, in order', async () => {
    const random = seeded('reconnects');
    const target = process.env['WRIT_SOAK'] === '1' ? 10_000 : 1_000;
    let cuts = 0;
    const follow = async (run: RunId): Promise<number[]> => {
      const seen: number[] = [];
      for (;;) {
        const { events } = await connect(
          eventsOf(run),
          { token, lastEventId: seen.at(-1) ?? null },
          // Often right away, sometimes in the middle of an event, now and then much later.
          { afterMs: random() < 0.5 ? random() * 8 : random() * 60 },
        );
        for (const { id, event } of events) {
          if (event === 'stream.end') return seen;
          seen.push(id!);
        }
        cuts += 1;
      }
    };
    for (let round = 0; cuts < target; round++) {
      const runs = await Promise.all(
        Array.from({ length: 12 }, (_, i) => startLong(`cut-${round}-${i}`, 8 + Math.floor(random() * 20))),
      );
      const followed = await Promise.all(runs.map(follow));
      for (const [i, run] of runs.entries()) {
        const all = await journal(run);
        expect(followed[i]).toEqual(all.map((_, sequence) => sequence));
      }
    }
    process.stdout.write(`reconnects: ${cuts} connections were cut\n`);
    await until('nobody to be followed', async () => world.desk.engine.live.runs.size === 0);
    // Ten times as many in the long tables.
  }, 1_800_000);

  it('is read by the client over cut connections to its end, each event once', async () => {
    const random = seeded('client');
    let connections = 0;
    // A network that cuts every answer somewhere.
    const cutting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream') || !response.body)
        return response;
      connections += 1;
      const most = Math.floor(random() * 4_000);
      let sent = 0;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          const room = most - sent;
          sent += chunk.length;
          if (room > 0) controller.enqueue(chunk.slice(0, room));
          if (sent >= most) controller.error(new Error('cut'));
        },
      });
      return new Response(response.body.pipeThrough(cut), response);
    };
    const run = await startLong('client', 20);
    const client = new WritClient({ url: world.url, apiKey: token, fetch: cutting });
    const seen: unknown[] = [];
    for await (const event of client.runs.stream(run)) seen.push(event);
    expect(seen).toEqual(await journal(run));
    expect(connections).toBeGreaterThan(3);
  });

  it('is a waiting list where no stream gets through', async () => {
    const plain: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('accept', 'application/json');
      return fetch(input, { ...init, headers });
    };
    const run = await startLong('plain', 4);
    const client = new WritClient({ url: world.url, apiKey: token, fetch: plain });
    const seen: unknown[] = [];
    for await (const event of client.runs.stream(run)) seen.push(event);
    expect(seen).toEqual(await journal(run));
  });
});

describe('a list that waits', () => {
  it('answers at once what there is, and otherwise the first that comes, or nothing in time', async () => {
    const run = await world.desk.start({ workflow: 'waits' });
    await world.desk.stands(run, 'waiting_external');
    const all = await journal(run);
    const there = await json(`/v1/runs/${run}/events?wait=20`);
    expect(there.body['data']).toEqual(all);
    expect(there.ms).toBeLessThan(20_000);
    const none = await json(`/v1/runs/${run}/events?after=${all.length - 1}&wait=1`);
    expect(none.body).toMatchObject({ data: [], has_more: false });
    expect(none.ms).toBeGreaterThan(900);
    const waiting = json(`/v1/runs/${run}/events?after=${all.length - 1}&wait=20`);
    const { tenant } = world.desk.scenario;
    await world.desk.engine.commands.signal({
      tenant,
      run,
      name: 'go',
      payload: 1,
      caller: world.desk.as('user:boss'),
    });
    const came = await waiting;
    expect((came.body['data'] as { sequence: number }[])[0]?.sequence).toBe(all.length);
    expect(came.ms).toBeLessThan(20_000);
  });
});

describe('the stream of a tenant', () => {
  it('is the sealed log by index: each event as the list has it, filtered on the server, resumable', async () => {
    const run = await startLong('tenant', 3);
    await world.desk.stands(run, 'succeeded');
    const size = await sealedAll();
    const whole = await connect(
      `${world.url}/v1/events?after=-1`,
      { token },
      { until: (events) => (events.at(-1)?.id ?? -1) >= size - 1 },
    );
    const ids = whole.events.map(({ id }) => id!);
    expect(ids).toEqual(ids.map((_, i) => i));
    for (const { id, event, data: item } of whole.events) {
      expect(item).toMatchObject({ type: event, view: { index: id } });
    }
    const filtered = await connect(
      `${world.url}/v1/events?after=-1&filter=${encodeURIComponent(`run:${run} type:run.*`)}`,
      { token },
      { until: (events) => (events.at(-1)?.id ?? -1) >= size - 1 },
    );
    const shown = filtered.events.filter(({ event }) => event !== 'log.head');
    expect(shown).toEqual(
      whole.events.filter(({ event, data: item }) => item['run'] === run && event.startsWith('run.')),
    );
    const half = ids[Math.floor(size / 2)]!;
    const rest = await connect(
      `${world.url}/v1/events`,
      { token, lastEventId: half },
      { until: (events) => (events.at(-1)?.id ?? -1) >= size - 1 },
    );
    expect(rest.events.slice(0, size - half - 1)).toEqual(whole.events.slice(half + 1, size));
  });

  it('begins with what comes next, within a second or two of its commit', async () => {
    await sealedAll();
    const watching = following(
      `${world.url}/v1/events?filter=${encodeURIComponent('type:run.started')}`,
      { token },
      { until: (events) => events.some(({ event }) => event === 'run.started') },
    );
    await watching.opened;
    const run = await startLong('next', 1);
    const { events } = await watching.ended;
    expect(events.find(({ event }) => event === 'run.started')?.data).toMatchObject({
      run,
      type: 'run.started',
      view: { sentence: 'user:ann started desk.' },
    });
  });

  it('over cut connections while events are sealed: no loss, no duplicate', async () => {
    const random = seeded('tenant reconnects');
    const begun = await sealedAll();
    const seen: number[] = [];
    const runs = Promise.all(Array.from({ length: 4 }, (_, i) => startLong(`sealed-${i}`, 12)));
    const over = runs
      .then((all) => Promise.all(all.map((run) => world.desk.stands(run, 'succeeded'))))
      .then(() => sealedAll());
    let size = Infinity;
    void over.then((found) => (size = found));
    for (let last = begun - 1; last < size - 1;) {
      const { events } = await connect(
        `${world.url}/v1/events?after=${begun - 1}`,
        { token, lastEventId: last < 0 ? null : last },
        { afterMs: random() * 250 },
      );
      for (const { id } of events) seen.push(id!);
      last = seen.at(-1) ?? last;
    }
    expect(seen).toEqual(seen.map((_, i) => begun + i));
    expect(seen.length).toBeGreaterThan(50);
  });

  it('is recorded once however often it is taken up again, and not fed by its own reading', async () => {
    const { tenant, outsider } = world.desk.scenario;
    const filter = encodeURIComponent(`actor:user:nobody-${Date.now()}`);
    for (let i = 0; i < 5; i++) await connect(`${world.url}/v1/events?filter=${filter}`, { token }, { afterMs: 50 });
    await json(`/v1/events?filter=${filter}&after=-1`);
    const { rows } = await outsider.query<{ n: number }>(
      `select count(*)::int as n from writ.audit_unit where tenant = $1 and position($2 in events) > 0`,
      [tenant, decodeURIComponent(filter)],
    );
    expect(rows[0]?.n).toBe(1);
  });

  it('answers once and waits as a list, and says how far it looked', async () => {
    const size = await sealedAll();
    const all = await json('/v1/events?after=-1&limit=7');
    expect(all.body).toMatchObject({ size: expect.any(Number) as number, generation: 1, last: 6 });
    expect((all.body['data'] as object[]).length).toBe(7);
    const newest = await json('/v1/events');
    expect(newest.body['data']).toEqual([]);
    expect(newest.body['last']).toBeGreaterThanOrEqual(size - 1);
    const waiting = json(`/v1/events?after=${newest.body['last'] as number}&wait=20&filter=type:run.started`);
    await startLong('waited', 1);
    expect(((await waiting).body['data'] as { type: string }[])[0]?.type).toBe('run.started');
  });

  it('tells of a log that was opened anew, and begins it from its first event', async () => {
    const gap = await connect(
      `${world.url}/v1/events`,
      { token, lastEventId: 2 ** 40 + 5 },
      { until: (events) => events.length >= 3 },
    );
    expect(gap.events[0]).toEqual({ id: 0, event: 'stream.gap', data: { reason: 'log_reopened', generation: 1 } });
    expect(gap.events[1]).toMatchObject({ id: 0, data: { view: { index: 0 } } });
  });
});

describe('a stream is authorized', () => {
  it('before it opens: by key, by policy, by its own existence', async () => {
    const run = await startLong('whose', 1);
    const nobody = await world.key({ principal: 'user:nobody' });
    for (const [path, sent, status, code] of [
      [`/v1/runs/${run}/events`, {}, 401, 'unauthenticated'],
      [`/v1/runs/${run}/events`, { token: nobody.token }, 403, 'policy_denied'],
      [`/v1/events`, { token: nobody.token }, 403, 'policy_denied'],
      [`/v1/runs/${newId('run')}/events`, { token }, 404, 'not_found'],
      [`/v1/runs/${run}/events?after=-2`, { token }, 400, 'invalid_request'],
      [`/v1/runs/${run}/events?wait=31`, { token }, 400, 'invalid_request'],
      [`/v1/runs/${run}/events`, { token, headers: { 'last-event-id': '1; drop' } }, 400, 'invalid_request'],
      [
        `/v1/runs/${run}/events`,
        { token, headers: { 'last-event-id': '99999999999999999999' } },
        400,
        'invalid_request',
      ],
      [`/v1/events?filter=tokens:3`, { token }, 400, 'invalid_filter'],
    ] as const) {
      const refused = await connect(`${world.url}${path}`, sent);
      expect([path, refused.status, (JSON.parse(refused.text) as { code: string }).code]).toEqual([path, status, code]);
    }
  });

  it('and while it is open: a revoked key, an expired one and a lost right end it, and say so', async () => {
    const { tenant, db } = world.desk.scenario;
    const run = await world.desk.start({ workflow: 'waits' });
    const reason = async (
      key: { token: string },
      meanwhile: () => Promise<unknown>,
      path = eventsOf(run),
    ): Promise<unknown> => {
      const stream = following(path, { token: key.token });
      await stream.opened;
      await meanwhile();
      const { events } = await stream.ended;
      return events.at(-1)?.data;
    };
    const revoked = await world.key();
    const revoke = () =>
      db.withTenant(tenant, (tx) => revokeKey(tx, tenant, { id: revoked.id as never, by: 'user:boss' }));
    expect(await reason(revoked, revoke)).toEqual({ reason: 'key_revoked' });
    const short = await world.key();
    const expire = () =>
      world.desk.scenario.outsider.query(`update writ.api_key set expires_at = clock_timestamp() where id = $1`, [
        short.id,
      ]);
    expect(await reason(short, expire)).toEqual({ reason: 'key_expired' });
    const allowed = [policy.rules, 'p, user:boss, {tenant}, run:*, run.read, , allow'].join('\n');
    const lost = await world.key();
    expect(
      await reason(lost, () => world.desk.scenario.activate({ ...policy, rules: allowed }), `${world.url}/v1/events`),
    ).toEqual({
      reason: 'policy_denied',
    });
  });

  it('a key may have so many and no more', async () => {
    const small = await openLiveWorld({ perKey: 3, sealing: false });
    try {
      await small.desk.scenario.activate({
        ...policy,
        rules: [policy.rules, 'p, user:boss, {tenant}, run:*, run.read, , allow'].join('\n'),
      });
      const run = await small.desk.start({ workflow: 'waits' });
      const [one, other] = [await small.key(), await small.key()];
      const path = `${small.url}/v1/runs/${run}/events`;
      const open = Array.from({ length: 3 }, () =>
        following(path, { token: one.token }, { until: (events) => events.at(-1)?.event === 'stream.end' }),
      );
      await Promise.all(open.map(({ opened }) => opened));
      const refused = await connect(path, { token: one.token });
      expect([
        refused.status,
        refused.headers['retry-after'],
        (JSON.parse(refused.text) as { code: string }).code,
      ]).toEqual([429, '5', 'rate_limited']);
      expect((await connect(path, { token: other.token }, { afterMs: 200 })).status).toBe(200);
      // Closing the server ends them all, by name, before it waits for them.
      await small.app.close();
      for (const { events } of await Promise.all(open.map(({ ended }) => ended)))
        expect(events.at(-1)?.data).toEqual({ reason: 'shutdown' });
    } finally {
      await small.close();
    }
  });
});

/** Waits until all evidence is sealed; answers the size of the tenant's log. */
async function sealedAll(): Promise<number> {
  const { outsider, tenant } = world.desk.scenario;
  await until('all to be sealed', async () => (await unsealedUnits(outsider)) === 0);
  const { rows } = await outsider.query<{ size: number }>(
    `select size::float8 as size from writ.log_head where tenant = $1`,
    [tenant],
  );
  return rows[0]!.size;
}
