import type { Json, JsonObject } from '@writ/kernel';
import fc from 'fast-check';
import type { HttpRequest } from '../types';
import { buildRequest } from './build-request';

const request = (given: Partial<HttpRequest> = {}): HttpRequest => ({
  ...{ method: 'POST', path: '/', query: {}, headers: {}, body: null, keyHeader: null, attemptHeader: null },
  ...given,
});
const from = (pointer: string): JsonObject => ({ $from: pointer });

describe('arguments as a request', () => {
  it('stand in the path, the query, the headers and the body', () => {
    const built = buildRequest(
      request({
        path: '/v1/orders/{id}/lines/{line}',
        query: { expand: 'all', tag: from('/tags'), page: from('/page'), gone: from('/none'), exact: true },
        headers: { 'x-region': from('/where/region'), 'x-kind': 'refund', 'x-gone': from('/none') },
        body: { amount: from('/amount'), note: 'by writ', gone: from('/none'), list: [from('/page'), from('/none')] },
      }),
      {
        id: '#W 1/ü'.replace('/', ''),
        line: 7,
        tags: ['a b', 'c&d'],
        page: 2,
        where: { region: 'eu' },
        amount: { cents: 5 },
      },
    );
    expect(built).toEqual({
      ok: true,
      value: {
        target: '/v1/orders/%23W%201%C3%BC/lines/7?expand=all&tag=a+b&tag=c%26d&page=2&exact=true',
        headers: { 'x-region': 'eu', 'x-kind': 'refund' },
        body: '{"amount":{"cents":5},"list":[2],"note":"by writ"}',
      },
    });
  });

  it('can be the body whole', () => {
    const built = buildRequest(request({ body: from('') }), { b: 1, a: [null] });
    expect(built).toMatchObject({ ok: true, value: { body: '{"a":[null],"b":1}' } });
  });

  const REFUSED: readonly (readonly [what: string, request: Partial<HttpRequest>, args: JsonObject])[] = [
    ['a path value with a slash', { path: '/a/{x}' }, { x: '../admin' }],
    ['a path value with a backslash', { path: '/a/{x}' }, { x: '..\\admin' }],
    ['a path value that climbs', { path: '/a/{x}/b' }, { x: '..' }],
    ['a path value that stays', { path: '/a/{x}/b' }, { x: '.' }],
    ['two path values that climb together', { path: '/a/{x}{y}/b' }, { x: '.', y: '.' }],
    ['an empty path value', { path: '/a/{x}/b' }, { x: '' }],
    ['a path value that is missing', { path: '/a/{x}' }, {}],
    ['a path value that is inherited', { path: '/a/{toString}' }, {}],
    ['a path value that is a list', { path: '/a/{x}' }, { x: ['1'] }],
    ['a path value with a control character', { path: '/a/{x}' }, { x: 'a\r\nb' }],
    ['a path value with NUL', { path: '/a/{x}' }, { x: 'a\u0000' }],
    ['a path value that is no whole text', { path: '/a/{x}' }, { x: '\ud800' }],
    ['a query value that is an object', { query: { q: from('/x') } }, { x: { a: 1 } }],
    ['a query value that is no whole text', { query: { q: from('/x') } }, { x: '\udc00' }],
    ['a header that would end itself', { headers: { h: from('/x') } }, { x: 'a\r\nx-admin: 1' }],
    ['a header with a line feed', { headers: { h: from('/x') } }, { x: 'a\nb' }],
    ['a header with NUL', { headers: { h: from('/x') } }, { x: 'a\u0000b' }],
    ['a header in other letters', { headers: { h: from('/x') } }, { x: 'ü' }],
    ['a header that ends in a space', { headers: { h: from('/x') } }, { x: 'a ' }],
    ['a header that is a list', { headers: { h: from('/x') } }, { x: ['a'] }],
    ['an address too long', { query: { q: from('/x') } }, { x: 'a'.repeat(9_000) }],
  ];
  it.each(REFUSED)('refuses %s', (_what, given, args) => {
    expect(buildRequest(request(given), args)).toMatchObject({
      ok: false,
      failure: { code: 'tool_arguments_unsendable', class: 'permanent' },
    });
  });

  it('never changes which resource is asked, whatever the values are', () => {
    const shape = request({
      method: 'GET',
      path: '/v1/{a}/x/{b}',
      query: { q: from('/q') },
      headers: { h: from('/h') },
    });
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('..', '.', '%2e%2e', '?', '#', '@', ':', '//'),
    );
    fc.assert(
      fc.property(anything, anything, anything, anything, (a, b, q, h) => {
        const built = buildRequest(shape, { a, b, q, h });
        if (!built.ok) return;
        const url = new URL(`https://api.example.com${built.value.target}`);
        expect(url.origin).toBe('https://api.example.com');
        expect(url.username + url.hash).toBe('');
        expect(url.pathname + url.search).toBe(built.value.target);
        expect(url.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'v1', a, 'x', b]);
        expect(url.searchParams.getAll('q')).toEqual([q]);
        expect(built.value.headers['h']).toMatch(/^[ -~]*$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('says the arguments back in the body, exactly', () => {
    const value = fc
      .jsonValue()
      .filter((one) => JSON.stringify(one).isWellFormed() && !JSON.stringify(one).includes('\\u0000'));
    fc.assert(
      fc.property(value, (x) => {
        const built = buildRequest(request({ body: from('/x') }), { x: x as Json });
        if (built.ok) expect(JSON.parse(built.value.body ?? '')).toEqual(JSON.parse(JSON.stringify(x)));
      }),
    );
  });
});
