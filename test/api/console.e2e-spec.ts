import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ApiServer } from './server';

const PAGE = '<!doctype html><title>Writ</title>';
const SCRIPT = `console.log('${'x'.repeat(4_096)}');`;
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the console at the address of the API', () => {
  let folder: string;
  let server: ApiServer;
  let url: string;
  const ask = (path: string, headers: Record<string, string> = HTML): Promise<Response> =>
    fetch(`${url}${path}`, { headers });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-console-'));
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), PAGE);
    writeFileSync(join(folder, 'secret.txt'), 'not for anybody');
    writeFileSync(join(folder, 'assets', 'index-abc.js'), SCRIPT);
    writeFileSync(join(folder, 'assets', 'index-abc.js.gz'), gzipSync(SCRIPT));
    server = await ApiServer.open({ console: folder });
    url = await server.url();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    '/',
    '/runs',
    '/runs/run_01k8x0q3wsf5z8k2m4n6p8r0t2?tab=audit&sel=3',
    '/audit?q=type%3Aaction.denied',
    '/v2',
  ])('answers a browser with the page at %s, which may run nothing but its own scripts', async (path) => {
    const answer = await ask(path);
    expect([answer.status, await answer.text()]).toEqual([200, PAGE]);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('answers in the manner of AuthZEN, with a plain text, what its decision point does not have', async () => {
    const answer = await ask('/access/v1/nothing');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      expect.stringMatching(/^text\/plain/) as string,
    ]);
    expect(await answer.text()).not.toContain('<html');
  });

  it.each(['/v1', '/v1/nothing', '/health/nothing', '/problems', '/.well-known/nothing'])(
    'answers what no operation has with a problem at %s, also to a browser',
    async (path) => {
      const answer = await ask(path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        expect.stringMatching(/^application\/problem\+json/) as string,
      ]);
    },
  );

  it('gives programs no page: an address that is none is a problem to them', async () => {
    const answer = await ask('/runs', { accept: 'application/json' });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  });

  it('sends its files compressed, to be kept for a year', async () => {
    const [plain, packed] = await Promise.all(
      [undefined, 'gzip'].map((encoding) => raw('/assets/index-abc.js', encoding)),
    );
    expect(plain!.body.toString()).toBe(SCRIPT);
    expect(packed!.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed!.body).toString()).toBe(SCRIPT);
    expect(packed!.body.length).toBeLessThan(500);
    for (const { headers } of [plain!, packed!]) {
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers['content-type']).toMatch(/javascript/);
    }
  });

  it.each([
    '/assets/none.js',
    '/assets/../secret.txt',
    '/assets/..%2fsecret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/',
  ])('has nothing at %s', async (path) => {
    const { status, body } = await raw(path);
    expect(body.toString()).not.toContain('not for anybody');
    expect(status === 404 || status === 403 || body.toString() === PAGE).toBe(true);
  });

  it('that was not built says so, and the API answers all the same', async () => {
    const bare = await ApiServer.open({ console: join(folder, 'nowhere') });
    try {
      const own = await bare.url();
      const answer = await fetch(own, { headers: HTML });
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('npm run build') as string]);
      expect((await fetch(`${own}/health`)).status).toBe(200);
      expect((await fetch(`${own}/assets/index-abc.js`)).status).toBe(404);
    } finally {
      await bare.close();
    }
  });

  /** As the bytes come: fetch would tidy the path and unpack the body. */
  const raw = (path: string, encoding?: string) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const headers = { ...HTML, ...(encoding === undefined ? {} : { 'accept-encoding': encoding }) };
      const { hostname, port } = new URL(url);
      get({ hostname, port, path, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      }).on('error', reject);
    });
});
