import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Route, ROUTES, successStatus } from '@writ/contract';
import { shellWords as words } from '../../../test/support/shell-words';
import { COMMANDS } from './commands';
import { writeLogin } from './connection';
import type { Io } from './output/io';
import { FORMATS } from './output/output';
import { runCli } from './run-cli';

/** A control plane that answers every operation with the contract's own example. */
function exampleServer(): Promise<Server> {
  const routes = Object.values(ROUTES as { readonly [operation: string]: Route });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    const refusal = refusals.get(path);
    const fitting = routes.filter(
      (one) => one.method === request.method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    // As the server routes: a place with a name of its own comes before one that any name fits.
    const route = fitting.find((one) => one.path === path) ?? fitting[0];
    const status = refusal?.status ?? (route ? successStatus(route) : 404);
    const outcome = route?.responses[status];
    const body = refusal ?? answers.get(path) ?? outcome?.example ?? {};
    const text = request.headers.accept === 'text/plain' ? outcome?.also?.media : outcome?.media;
    const type = refusal ? 'application/problem+json' : (text ?? 'application/json');
    request.resume().on('end', () => {
      const sent = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': type, etag: '"1"' }).end(sent);
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Answers in place of an example. */
const answers = new Map<string, object>();
const refusals = new Map<string, { readonly status: number; readonly [member: string]: unknown }>();
const refuse = (path: string, code: string, status: number): void => {
  refusals.set(path, {
    status,
    code,
    title: 'The policy refuses this',
    detail: 'no rule grants it',
    request_id: 'req_1',
    retryable: false,
    errors: [],
    next_actions: [{ description: 'Ask an administrator.' }],
  });
};

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('the answers of the commands', () => {
  let server: Server;
  let url: string;
  const home = mkdtempSync(join(tmpdir(), 'writ-cli-'));
  beforeAll(async () => {
    server = await exampleServer();
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    refusals.clear();
    answers.clear();
  });
  afterAll(() => {
    server.close();
    rmSync(home, { recursive: true });
  });

  async function writ(line: readonly string[], given: Partial<Io> = {}): Promise<Said> {
    const said = { out: '', err: '' };
    const io: Io = {
      env: { WRIT_URL: url, WRIT_API_KEY: 'writ_key', WRIT_HOME: home },
      terminal: false,
      interactive: false,
      drawable: false,
      width: 80,
      out: (text) => (said.out += text),
      err: (text) => (said.err += text),
      read: () => Promise.resolve('{}'),
      ask: () => Promise.reject(new Error('asked without a terminal')),
      ...given,
    };
    const code = await runCli(line, io, new AbortController().signal);
    return { code, ...said };
  }

  /** Every command that only talks to the API, with the first of its examples that needs nothing else. */
  const remote = COMMANDS.filter(
    // An export is the file itself, whatever its form; and an example of a log is none that could be verified.
    ({ name, calls }) => calls !== undefined && name !== 'audit export' && name !== 'audit verify',
  ).map(({ name, examples }) => {
    const example = words(examples[0]).filter((word, i, all) => word !== '-o' && all[i - 1] !== '-o');
    return [name, example] as const;
  });

  it.each(remote)(
    'writ %s -o json is one JSON document with a schema version, and nothing else',
    async (_name, line) => {
      const { code, out } = await writ([...line, '-o', 'json']);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ schema_version: 1 });
    },
  );

  it.each(remote)('writ %s -o ndjson is one JSON document a line', async (_name, line) => {
    const { out } = await writ([...line, '-o', 'ndjson']);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const one of lines) expect(JSON.parse(one)).toMatchObject({ schema_version: 1 });
  });

  it.each(remote)('writ %s -o id is one id a line', async (_name, line) => {
    const { out } = await writ([...line, '-o', 'id']);
    expect(out).toMatch(/^(\S+\n)+$/);
  });

  it.each(remote)('writ %s, piped, has no colour and cuts nothing', async (_name, line) => {
    const { out } = await writ(line, { width: 20 });
    expect(out).not.toBe('');
    expect(out).not.toContain('\u001b[');
    expect(out).toBe((await writ(line, { width: 10_000 })).out);
  });

  it('a checkpoint that is none is named, not taken for a log', async () => {
    const { code, out, err } = await writ(['audit', 'verify']);
    expect([code, out]).toEqual([8, '']);
    expect(err).toContain('serves no checkpoint');
  });

  it('cuts a table to the width of a terminal, and colours it unless NO_COLOR is set', async () => {
    const terminal = await writ(['runs', 'list'], { terminal: true });
    expect(
      Math.max(...terminal.out.split('\n').map((one) => one.replace(/\u001b\[\d+m/g, '').length)),
    ).toBeLessThanOrEqual(80);
    expect(terminal.out).toContain('\u001b[');
    const env = { WRIT_URL: url, WRIT_API_KEY: 'k', WRIT_HOME: home, NO_COLOR: '1' };
    expect((await writ(['runs', 'list'], { terminal: true, env })).out).not.toContain('\u001b[');
  });

  it('tells data from hints: data on standard output, hints on standard error, none with --quiet', async () => {
    const loud = await writ(['runs', 'start', 'desk', '-o', 'id']);
    expect(loud.out).toMatch(/^run_\w+\n$/);
    expect(loud.err).toContain('writ runs tail');
    expect((await writ(['runs', 'start', 'desk', '-o', 'id', '--quiet'])).err).toBe('');
  });

  it.each([
    ['unauthenticated', 401, 4],
    ['key_revoked', 401, 4],
    ['policy_denied', 403, 5],
    ['stop_active', 423, 5],
    ['approval_required', 403, 6],
    ['version_mismatch', 412, 7],
    ['state_conflict', 409, 7],
    ['invalid_request', 400, 3],
    ['not_found', 404, 1],
  ])('ends with the exit code of %s (%i): %i', async (problem, status, exit) => {
    refuse('/v1/api-keys', problem, status);
    const { code, out, err } = await writ(['keys', 'list']);
    expect({ code, out }).toEqual({ code: exit, out: expect.stringMatching(/^ID\t|^$/) as string });
    expect(err.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toMatch(/^.+\n {2}why {3}no rule grants it \(request req_1\)\n {2}next {2}\S.*\n$/);
  });

  it('writes an export as it comes, to standard output or to a file that was not there', async () => {
    const { code, out } = await writ(['audit', 'export', '-o', 'json']);
    expect({ code, out }).toEqual({ code: 0, out: '{"$writ":"export","format":1,…}\n' });
    const file = join(home, 'log.ndjson');
    const written = await writ(['audit', 'export', '--out', file, '-o', 'json']);
    expect(JSON.parse(written.out)).toEqual({ schema_version: 1, file, bytes: Buffer.byteLength(out) });
    expect(readFileSync(file, 'utf8')).toBe(out);
    const again = await writ(['audit', 'export', '--out', file]);
    expect(again.code).toBe(3);
    expect(again.err).toContain('exists already');
  });

  it('the doctor names a log that is not signed, and what to do about it', async () => {
    const reason = { code: 'database_behind', message: 'the database is older', next: 'Bring it back.' };
    const { example } = (ROUTES.getAuditLog as Route).responses[200]!;
    answers.set('/v1/audit/log', { ...(example as object), state: 'refusing', reason });
    const { code, out } = await writ(['doctor', '-o', 'json']);
    expect(code).toBe(1);
    const { data } = JSON.parse(out) as { data: { check: string }[] };
    expect(data.find(({ check }) => check === 'log')).toMatchObject({
      ok: false,
      detail: 'not signed: the database is older',
      next: 'Bring it back.',
    });
    answers.set('/v1/audit/log', { ...(example as object), state: 'lagging', lag_ms: 12_000 });
    expect((await writ(['doctor'])).out).toContain('waits for 12 s');
  });

  it('says an error as JSON to programs, and no data', async () => {
    refuse('/v1/runs/run_1', 'policy_denied', 403);
    const { code, out, err } = await writ(['runs', 'show', 'run_1', '-o', 'json']);
    expect({ code, out }).toEqual({ code: 5, out: '' });
    expect(JSON.parse(err)).toMatchObject({ schema_version: 1, error: { code: 'policy_denied', exit_code: 5 } });
  });

  it.each([
    ['invalid_filter', 400, 3],
    ['not_eligible', 403, 5],
    ['upgrade_refused', 409, 7],
    ['version_mismatch', 412, 7],
    ['comment_required', 422, 3],
    ['stop_active', 423, 5],
    ['unavailable', 503, 9],
    ['internal', 500, 1],
  ])('ends with the exit code that fits %s (%i)', async (code, status, exit) => {
    refuse('/v1/runs/run_2', code, status);
    expect((await writ(['runs', 'show', 'run_2'])).code).toBe(exit);
  });

  it('says a fault once, however often the answer does', async () => {
    refuse('/v1/runs/run_3', 'invalid_request', 400);
    const fault = { pointer: '/id', message: 'not an id', code: 'invalid_format', in: 'path' };
    refusals.set('/v1/runs/run_3', {
      ...refusals.get('/v1/runs/run_3')!,
      detail: 'path /id: not an id',
      errors: [fault],
    });
    const { err } = await writ(['runs', 'show', 'run_3']);
    expect(err.split('not an id')).toHaveLength(2);
  });

  it('names the file and the definition that a server finds fault with, not its place in the request', async () => {
    const folder = join(home, 'definitions');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.yaml'), 'kind: tool\nname: look\n---\nkind: workflow\nname: desk\n');
    refuse('/v1/config/apply', 'schema_violation', 422);
    const fault = { pointer: '/documents/1/root', message: 'is required', code: 'required', in: 'body' };
    refusals.set('/v1/config/apply', { ...refusals.get('/v1/config/apply')!, errors: [fault] });
    const { code, err } = await writ(['config', 'apply', folder]);
    refusals.delete('/v1/config/apply');
    expect(code).toBe(3);
    expect(err).toContain('a.yaml, workflow desk at /root: is required');
  });

  it('says when nothing answers, and what to do', async () => {
    const env = { WRIT_URL: 'http://127.0.0.1:9', WRIT_API_KEY: 'k', WRIT_HOME: home };
    const { code, err } = await writ(['runs', 'show', 'run_1'], { env });
    expect(code).toBe(1);
    expect(err).toContain('npm start');
  }, 15_000);

  it.each([
    [['runs', 'start'], 'missing required argument'],
    [['runs', 'lst'], 'unknown command'],
    [['runs', 'list', '--nope'], 'unknown option'],
    [['runs', 'list', '-o', 'xml'], 'Allowed choices'],
    [['runs', 'list', '--limit', 'many'], 'It is "many"'],
    [['runs', 'start', 'desk', '--input', '{'], 'JSON'],
    [['runs', 'start', 'desk', '--input', '[]'], 'It is []'],
    [['stop'], 'Nothing was named'],
    [['stop', '--tool', 'a', '--run', 'b'], 'More than one'],
    [['stop', '--tenant'], 'Nobody is at a terminal'],
    [['explain', 'app_1'], 'dec_ or run_'],
    [['can', '--action', 'tool.invoke', '--resource', 'tool:x'], '--for is missing'],
    [['can', '--for', 'user:a', '--action', 'tool.invoke'], '--resource is missing'],
    [['who-can', '--action', 'tool.invoke', '--resource', 'x'], 'It is "x"'],
    [['keys', 'create', 'x'], 'No --scope'],
  ])('takes writ %j as a usage error: %s', async (line, why) => {
    const { code, out, err } = await writ(line);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(why);
    expect(err.trimEnd().split('\n')).toHaveLength(3);
  });

  it('asks before it stops a whole tenant, and stops nothing on any other word', async () => {
    const asked: string[] = [];
    const terminal = (typed: string) => ({
      interactive: true,
      ask: (question: string) => (asked.push(question), Promise.resolve(typed)),
    });
    expect((await writ(['stop', '--tenant'], terminal('yes'))).code).toBe(1);
    expect((await writ(['stop', '--tenant'], terminal('tenant'))).code).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it('sends the key that `writ dev` left only to the server it came from', async () => {
    const env = { WRIT_HOME: home };
    writeLogin(env, { url, api_key: 'writ_local', tenant: 'ten_1' });
    expect((await writ(['keys', 'list', '-o', 'id'], { env })).code).toBe(0);
    expect((await writ(['keys', 'list', '--url', 'http://127.0.0.1:9'], { env })).code).toBe(4);
  });

  it('prints help for people and for programs, and the exit codes', async () => {
    const help = JSON.parse((await writ(['help', '-o', 'json'])).out) as { data: { name: string }[] };
    expect(help.data.map(({ name }) => name).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
    const codes = JSON.parse((await writ(['help', 'exit-codes', '-o', 'json'])).out) as { data: { code: number }[] };
    expect(codes.data.map(({ code }) => code)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);
    const asked = await writ(['runs', 'start', '--help']);
    expect(asked).toMatchObject({ code: 0, err: '' });
    expect(asked.out).toContain('Examples:');
  });

  it('knows every format', () => expect([...FORMATS].sort()).toEqual(['id', 'json', 'ndjson', 'table']));
});
