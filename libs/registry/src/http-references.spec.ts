import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocuments, validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { referenceProblems } from './references';

const service = (more: object = {}) => ({
  kind: 'http_service',
  name: 'payments',
  origin: 'https://api.example.com',
  ...more,
});
const input = {
  type: 'object',
  properties: { id: { type: 'string' }, note: { type: 'string' }, deep: { type: 'object' } },
  required: ['id'],
};
const tool = (endpoint: object, more: object = {}) => ({
  kind: 'tool',
  name: 'refund',
  input,
  endpoint: { type: 'http', service: 'payments', method: 'POST', path: '/v1/refunds', ...endpoint },
  ...more,
});

/** Pointers of what is wrong with the documents, each by itself and as a set. */
function faults(...documents: readonly object[]): string[] {
  const parsed = validateDocuments(documents);
  if (!parsed.ok) return Object.keys(parsed.failure.details ?? {});
  return referenceProblems(parsed.value, lookupOf([], parsed.value)).map((one) => one.pointer);
}

describe('a service', () => {
  it.each([
    'http://api.example.com:9000',
    'https://api.example.com',
    'https://[2606:4700::1111]',
    'https://xn--bcher-kva.example',
  ])('may be at %s', (origin) => {
    expect(faults(service({ origin }))).toEqual([]);
  });

  it.each([
    'https://api.example.com/',
    'https://api.example.com/v1',
    'https://user@api.example.com',
    'https://api.example.com:443',
    'https://api.example.com.',
    'https://API.example.com',
    'https://bücher.example',
    'https://*.example.com',
    'https://2130706433',
    'https://0x7f.0.0.1',
    'https://127.1',
    'ftp://api.example.com',
    'api.example.com',
    '//api.example.com',
  ])('is not at %s', (origin) => {
    expect(faults(service({ origin }))).toEqual(['/0/origin']);
  });

  it('names secrets by variable, never by value, and no header of the connection', () => {
    expect(faults(service({ headers_env: { authorization: 'PAY_TOKEN' }, headers: { 'x-shop': 'a' } }))).toEqual([]);
    expect(faults(service({ headers: { authorization: 'Bearer x' } }))).toEqual(['/0/headers/authorization']);
    expect(faults(service({ headers: { 'x-api-key': 'x' } }))).toEqual(['/0/headers/x-api-key']);
    expect(faults(service({ headers_env: { authorization: 'Bearer abc' } }))).toEqual(['/0/headers_env/authorization']);
    for (const name of ['host', 'content-length', 'transfer-encoding', 'connection', 'proxy-authorization']) {
      expect(faults(service({ headers: { [name]: 'x' } }))).toEqual([`/0/headers/${name}`]);
      expect(faults(service({ headers_env: { [name]: 'X' } }))).toEqual([`/0/headers_env/${name}`]);
    }
    expect(faults(service({ headers: { 'X-Shop': 'a' } }))).toEqual(['/0/headers/X-Shop']);
    expect(faults(service({ headers: { 'x-shop': 'a\r\nb: c' } }))).toEqual(['/0/headers/x-shop']);
    expect(faults(service({ headers: { 'x-a': 'b' }, headers_env: { 'x-a': 'A' } }))).toEqual(['/0/headers/x-a']);
  });

  it('lets redirects go to other origins only by name', () => {
    expect(faults(service({ redirects: { max: 2, origins: ['https://cdn.example.com'] } }))).toEqual([]);
    expect(faults(service({ redirects: { max: 9 } }))).toEqual(['/0/redirects/max']);
    expect(faults(service({ redirects: { max: 1, origins: ['*'] } }))).toEqual(['/0/redirects/origins/0']);
  });
});

describe('an HTTP tool', () => {
  it('needs its service', () => {
    expect(faults(tool({}))).toEqual(['/0/endpoint/service']);
    expect(faults(service(), tool({}))).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['an argument it takes', { path: '/v1/orders/{id}' }, []],
    ['an argument it does not take', { path: '/v1/orders/{order}' }, ['/1/endpoint/path']],
    ['an argument that may be missing', { path: '/v1/orders/{note}' }, ['/1/endpoint/path']],
    ['dots that climb', { path: '/v1/../admin' }, ['/1/endpoint/path']],
    ['encoded dots that climb', { path: '/v1/%2e%2e/admin' }, ['/1/endpoint/path']],
    ['a query', { path: '/v1?x=1' }, ['/1/endpoint/path']],
    ['a fragment', { path: '/v1#x' }, ['/1/endpoint/path']],
    ['another host', { path: '//evil.example/v1' }, []],
    ['no slash', { path: 'v1' }, ['/1/endpoint/path']],
    ['a backslash', { path: '/v1\\x' }, ['/1/endpoint/path']],
    ['an open brace', { path: '/v1/{id' }, ['/1/endpoint/path']],
  ])('has a path with %s', (_what, endpoint, pointers) => {
    expect(faults(service(), tool(endpoint))).toEqual(pointers);
  });

  it('refers to its arguments only, in query, headers and body', () => {
    const from = ($from: string) => ({ $from });
    const good = {
      query: { q: from('/note') },
      headers: { 'x-a': from('/id') },
      body: { all: from(''), deep: [from('/deep/x')] },
    };
    expect(faults(service(), tool(good))).toEqual([]);
    expect(faults(service(), tool({ query: { q: from('/nobody') } }))).toEqual(['/1/endpoint/query/q']);
    expect(faults(service(), tool({ headers: { 'x-a': from('/nobody') } }))).toEqual(['/1/endpoint/headers/x-a']);
    expect(faults(service(), tool({ body: [{ x: from('/nobody') }] }))).toEqual(['/1/endpoint/body/0/x']);
    expect(faults(service(), tool({ body: { $from: '/id', more: 1 } }))).toEqual(['/1/endpoint/body']);
    expect(faults(service(), tool({ body: from('id') }))).toEqual(['/1/endpoint/body']);
    expect(faults(service(), tool({ method: 'GET', body: {} }))).toEqual(['/1/endpoint/body']);
  });

  it('gives no header two values', () => {
    const both = service({ headers: { 'x-a': '1' }, headers_env: { 'x-b': 'B' } });
    expect(faults(both, tool({ headers: { 'x-a': '2' } }))).toEqual(['/1/endpoint/headers/x-a']);
    expect(faults(both, tool({ headers: { 'x-b': '2' } }))).toEqual(['/1/endpoint/headers/x-b']);
    expect(faults(both, tool({ idempotency_key: 'x-b' }))).toEqual(['/1/endpoint/idempotency_key']);
    expect(faults(both, tool({ idempotency_key: 'x-k', attempt: 'x-k' }))).toEqual(['/1/endpoint/attempt']);
    expect(faults(both, tool({ idempotency_key: 'host' }))).toEqual(['/1/endpoint/idempotency_key']);
  });

  it('still holds when its service changes', () => {
    const published = validateDocuments([service(), tool({ headers: { 'x-a': '2' } })]);
    const changed = validateDocuments([service({ headers: { 'x-a': '1' } })]);
    if (!published.ok || !changed.ok) throw new Error('both are valid by themselves');
    expect(referenceProblems(changed.value, lookupOf(published.value, changed.value))).toMatchObject([
      { pointer: '', reason: expect.stringContaining('tool refund would no longer hold') },
    ]);
  });
});

test('the example of the guide stands', () => {
  const guide = readFileSync(join(__dirname, '../../../docs/guides/integrate.md'), 'utf8');
  const example = /```yaml\n(.*?)```/s.exec(guide)?.[1] ?? '';
  const parsed = parseDocuments(example);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  expect(parsed.value.map(({ kind }) => kind)).toEqual(['http_service', 'tool']);
  expect(referenceProblems(parsed.value, lookupOf([], parsed.value))).toEqual([]);
});
