import { Readable } from 'node:stream';
import { announceKey, KeyRing } from '@writ/audit';
import { openDatabase } from '@writ/database';
import { newId } from '@writ/kernel';
import {
  fromBase64,
  leafHash,
  openCheckpoint,
  parseTlogProof,
  parseVkey,
  type Report,
  rootAt,
  type TileReader,
  tilePath,
  type VerifierKey,
  verifyConsistency,
  verifyExport,
  verifyInclusion,
} from '@writ/verify';
import { logHome, type LogHome, openSequencer, type OpenSequencer } from '../support/log-world';
import { verifyLog } from '../support/verify-log';
import { ApiServer, type Caller, eventually } from './server';

let server: ApiServer;
let home: LogHome;
let sealing: OpenSequencer | null = null;
let admin: Caller;

beforeAll(async () => {
  server = await ApiServer.open();
  home = logHome();
  admin = await server.tenant();
});

afterAll(async () => {
  await sealing?.close();
  await server.close();
  home.remove();
});

const seal = async (): Promise<void> => {
  sealing ??= await openSequencer(server.ownerUrl, home);
  await eventually(async () => {
    expect((await server.get('/v1/audit/log', { key: admin.token })).body).toMatchObject({ unsealed: 0 });
  });
};

/** A request that leaves an event in the tenant's stream. */
const record = () => server.get('/v1/audit/events?limit=1', { key: admin.token });

async function keys(): Promise<VerifierKey[]> {
  const { body } = await server.get('/v1/audit/log', { key: admin.token });
  return (body['keys'] as { vkey: string }[]).map(({ vkey }) => {
    const parsed = parseVkey(vkey);
    if (!parsed.ok) throw new Error(parsed.failure.message);
    return parsed.value;
  });
}

async function newest() {
  const { text } = await server.get('/v1/audit/checkpoint', { key: admin.token });
  const opened = await openCheckpoint(text, await keys());
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value;
}

const overHttp: TileReader = {
  async read(tile) {
    const response = await fetch(`${await server.url()}/v1/audit/${tilePath(tile)}`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    if (!response.ok) throw new Error(`${tilePath(tile)}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  },
};

async function idOfFirst(): Promise<string> {
  const [first] = await server.tenantEvents(admin);
  return first!['id'] as string;
}

describe('a log of which nothing is sealed yet', () => {
  it('says so, and proves nothing', async () => {
    const { body } = await server.get('/v1/audit/log', { key: admin.token });
    expect(body).toMatchObject({ size: 0, root: null, generation: 1, origin: `writ/${admin.tenant}`, keys: [] });
    expect(body['unsealed']).toBeGreaterThan(0);
    expect(body['sequencer']).toEqual({ leading: false, beat_at: null });
    for (const path of ['checkpoint', 'export', 'tile/0/000.p/1']) {
      expect((await server.get(`/v1/audit/${path}`, { key: admin.token })).body).toMatchObject({ code: 'not_found' });
    }
    const id = await idOfFirst();
    expect((await server.get(`/v1/audit/events/${id}`, { key: admin.token })).body).toMatchObject({ index: null });
    const proof = await server.get(`/v1/audit/events/${id}/proof`, { key: admin.token });
    expect([proof.status, proof.body['code'], proof.headers.get('retry-after')]).toEqual([409, 'not_sealed', '1']);
  });
});

describe('a log that is sealed', () => {
  beforeAll(seal);

  it('[I9] serves a signed checkpoint whose root its own tiles and entries make', async () => {
    const checkpoint = await newest();
    expect(checkpoint.origin).toBe(`writ/${admin.tenant}`);
    expect(Buffer.from(await rootAt(checkpoint.size, overHttp)).equals(checkpoint.root)).toBe(true);
    const path = tilePath({ level: 'entries', index: 0, width: checkpoint.size });
    const bundle = await fetch(`${await server.url()}/v1/audit/${path}`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(bundle.headers.get('content-type')).toBe('application/octet-stream');
    expect((await bundle.arrayBuffer()).byteLength).toBe(checkpoint.size * 34);
    await verifyLog(server.outsider, { outside: home.checkpoints });
  });

  it('[I9] proves an event by its bytes alone, in JSON and as a C2SP tlog-proof', async () => {
    const id = await idOfFirst();
    const event = (await server.get(`/v1/audit/events/${id}`, { key: admin.token })).body;
    expect(JSON.parse(event['raw'] as string)).toEqual(event['event']);
    await seal();
    const { body } = await server.get(`/v1/audit/events/${id}/proof`, { key: admin.token });
    const bytes = (name: string): Uint8Array => fromBase64(body[name] as string)!;
    const entry = leafHash(Buffer.from(event['hash'] as string, 'hex'));
    expect(Buffer.from(entry).equals(bytes('leaf_hash'))).toBe(true);
    const path = (body['proof'] as string[]).map((hash) => fromBase64(hash)!);
    const claim = { index: body['index'] as number, size: body['size'] as number, leafHash: entry, proof: path };
    expect(verifyInclusion({ ...claim, root: bytes('root') })).toBe(true);
    const headers = { accept: 'text/plain' };
    const text = await server.get(`/v1/audit/events/${id}/proof`, { key: admin.token, headers });
    expect(text.headers.get('content-type')).toMatch(/^text\/plain/);
    const parsed = parseTlogProof(text.text);
    if (!parsed.ok) throw new Error(parsed.failure.message);
    const signed = await openCheckpoint(parsed.value.checkpoint, await keys());
    if (!signed.ok) throw new Error(signed.failure.message);
    const { index, proof } = parsed.value;
    expect(verifyInclusion({ index, size: signed.value.size, leafHash: entry, proof, root: signed.value.root })).toBe(
      true,
    );
    expect(Buffer.from(parsed.value.extra!).toString()).toBe(event['raw']);
  });

  it('[I9] lists its checkpoints, and proves each the beginning of the newest', async () => {
    for (let i = 0; i < 3; i++) {
      await record();
      await seal();
    }
    const { body } = await server.get('/v1/audit/checkpoints?limit=3', { key: admin.token });
    const rows = body['data'] as { size: number; root: string; text: string }[];
    expect(rows).toHaveLength(3);
    expect(body['has_more']).toBe(true);
    const older = await server.get(`/v1/audit/checkpoints?limit=3&cursor=${String(body['next_cursor'])}`, {
      key: admin.token,
    });
    const all = [...rows, ...(older.body['data'] as typeof rows)];
    expect(all.map(({ size }) => size)).toEqual([...all.map(({ size }) => size)].sort((a, b) => b - a));
    for (const row of all) {
      const { body: proof } = await server.get(`/v1/audit/consistency?from=${row.size}`, { key: admin.token });
      expect(proof['from_root']).toBe(row.root);
      const hashes = (proof['proof'] as string[]).map((hash) => fromBase64(hash)!);
      const sizes = { first: row.size, second: proof['to'] as number };
      const roots = {
        firstRoot: fromBase64(row.root)!,
        secondRoot: fromBase64(proof['to_root'] as string)!,
      };
      expect(verifyConsistency({ ...sizes, ...roots, proof: hashes })).toBe(true);
    }
  });

  it('full tiles may be kept for ever by whoever read them, everything else by nobody', async () => {
    for (let i = 0; i < 260; i++) await record();
    await seal();
    const full = await server.get('/v1/audit/tile/0/000', { key: admin.token });
    expect(full.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(full.headers.get('vary')).toBe('authorization');
    for (const path of ['tile/1/000.p/1', 'checkpoint', 'log']) {
      const answer = await server.get(`/v1/audit/${path}`, { key: admin.token });
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-store']);
    }
    const { size, root } = await newest();
    expect(Buffer.from(await rootAt(size, overHttp)).equals(root)).toBe(true);
  });

  it('names what is no tile, no size and no event', async () => {
    const { size } = await newest();
    const missing = [`tile/0/${String(Math.floor(size / 256) + 1).padStart(3, '0')}`, 'tile/5/000', 'tile/0/000.p/300'];
    for (const path of [...missing, `consistency?from=0&to=${size + 1}`, `consistency?from=${size}&to=1`]) {
      const answer = await server.get(`/v1/audit/${path}`, { key: admin.token });
      expect([path, answer.body['code']]).toEqual([path, 'not_found']);
    }
    for (const path of ['tile/0/1', 'tile/x/000', 'tile/0/000/000', 'tile/64', 'consistency?from=-1', 'consistency']) {
      const answer = await server.get(`/v1/audit/${path}`, { key: admin.token });
      expect([path, answer.body['code']]).toEqual([path, 'invalid_request']);
    }
    const path = `/v1/audit/events/${newId('event')}`;
    expect((await server.get(path, { key: admin.token })).body).toMatchObject({ code: 'not_found' });
  });

  it('[I11] is nobody else’s: another tenant finds neither the event nor the tree', async () => {
    const other = await server.tenant();
    const id = await idOfFirst();
    expect((await server.get(`/v1/audit/events/${id}`, { key: other.token })).status).toBe(404);
    expect((await server.get(`/v1/audit/events/${id}/proof`, { key: other.token })).status).toBe(404);
    const log = await server.get('/v1/audit/log', { key: other.token });
    expect(log.body['origin']).toBe(`writ/${other.tenant}`);
  });

  it('records who read events, and not who read hashes', async () => {
    const reads = async (): Promise<Record<string, unknown>[]> =>
      (await server.tenantEvents(admin)).filter(({ type }) => type === 'access.read');
    await seal();
    const before = (await reads()).length;
    for (const path of ['log', 'checkpoint', 'checkpoints', 'consistency?from=1', 'tile/0/000']) {
      await server.get(`/v1/audit/${path}`, { key: admin.token });
    }
    const id = await idOfFirst();
    await server.get(`/v1/audit/events/${id}/proof`, { key: admin.token });
    expect(await reads()).toHaveLength(before);
    await server.get(`/v1/audit/events/${id}`, { key: admin.token });
    await server.get('/v1/audit/export?run=tenant&filter=type:access.read', { key: admin.token });
    const after = (await reads()).slice(before);
    expect(after).toMatchObject([
      { actor: 'user:root', object: { type: 'audit', id }, detail: { events: 1 } },
      { action: 'audit.export', object: { type: 'audit', id: 'tenant' }, detail: { export: true } },
    ]);
  });
});

describe('an export', () => {
  beforeAll(seal);

  async function exported(query: string): Promise<{ readonly report: Report; readonly lines: readonly string[] }> {
    const response = await fetch(`${await server.url()}/v1/audit/export${query}`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w.-]+"$/);
    const text = await response.text();
    const report = await verifyExport(Readable.from([text]), { trust: { keys: await keys() } });
    return { report, lines: text.trimEnd().split('\n') };
  }

  it.each<[string, (event: { type: string; run: string }, index: number) => boolean]>([
    ['', () => true],
    ['?run=tenant', ({ run }) => run === 'tenant'],
    [`?run=${newId('run')}`, () => false],
    ['?filter=type:access.read', ({ type }) => type === 'access.read'],
    ['?filter=-type:access.read', ({ type }) => type !== 'access.read'],
    ['?filter=type:nothing.such', () => false],
    ['?filter=time:>-1h', () => true],
    ['?filter=time:<2020-01-01', () => false],
    ['?first=10&last=20', (_event, index) => index >= 10 && index <= 20],
    ['?first=255&last=256', (_event, index) => index >= 255 && index <= 256],
    ['?first=9&last=3', () => false],
    ['?first=250', (_event, index) => index >= 250],
    ['?first=100000', () => false],
    [
      '?run=tenant&filter=type:access.read&first=5&last=300',
      ({ type }, i) => type === 'access.read' && i >= 5 && i <= 300,
    ],
  ])('[I9] of %j verifies, and shows what was asked for and no more', async (query, wished) => {
    const { report, lines } = await exported(query);
    expect([report.verdict, report.problems]).toEqual(['intact', []]);
    const whole = await exported('');
    const events = whole.lines.filter((line) => !line.startsWith('{"$writ"')).slice(0, report.size);
    const shown = lines.filter((line) => !line.startsWith('{"$writ"'));
    const due = events.filter((line, i) => wished(JSON.parse(line) as { type: string; run: string }, i));
    expect(shown).toEqual(due);
    expect(report.events + report.hidden).toBe(report.size);
    expect(report.proven).toBe(report.size);
  });

  it('[I9] shows a new key whatever was asked for, so that every checkpoint of the file is believed', async () => {
    const ring = new KeyRing({ file: home.keyFile });
    const [old] = await keys();
    ring.add();
    const owner = await openDatabase({ url: server.ownerUrl, role: 'owner', allowUnsafeDurability: true });
    await announceKey(owner, ring, 'user:op');
    await owner.close();
    await seal();
    for (let i = 0; i < 3; i++) await record();
    await seal();
    const response = await fetch(`${await server.url()}/v1/audit/export?filter=type:nothing.such`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    const text = await response.text();
    const report = await verifyExport(Readable.from([text]), { trust: { keys: [old!] } });
    expect([report.verdict, report.problems, report.events]).toEqual(['intact', [], 1]);
    expect(text).toContain('"type":"log.key_rotated"');
    expect(report.keys).toHaveLength(2);
  });

  it('names a filter that means nothing, and says nothing of policies to whoever may not read them', async () => {
    const wrong = await server.get('/v1/audit/export?filter=(((', { key: admin.token });
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'invalid_filter']);
    const reader = await server.key(admin.tenant, { scopes: ['audit.read'], roles: ['administrator'] });
    expect((await server.get('/v1/audit/export', { key: reader.token })).body['code']).toBe('insufficient_scope');
    const { token } = await server.key(admin.tenant, { scopes: ['audit.export'], roles: ['administrator'] });
    const response = await fetch(`${await server.url()}/v1/audit/export`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const lines = (await response.text()).split('\n');
    expect(lines.filter((line) => line.startsWith('{"$writ":"policy"'))).toEqual([]);
    expect((await exported('')).lines.filter((line) => line.startsWith('{"$writ":"policy"'))).toHaveLength(1);
  });
});
