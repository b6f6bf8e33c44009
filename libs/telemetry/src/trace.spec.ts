import { currentTrace, injectTraceparent, inSpan, openSpan, span, withTraceContext } from './span';
import { formatTraceparent, newTrace, parseTraceparent } from './trace';

const HEADER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a traceparent', () => {
  it('is read and written without loss', () => {
    expect(parseTraceparent(HEADER)).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    });
    expect(formatTraceparent(parseTraceparent(HEADER)!)).toBe(HEADER);
  });

  it.each([
    ['nothing', ''],
    ['no header', null],
    ['an all-zero trace', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
    ['an all-zero span', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
    ['upper case', HEADER.toUpperCase()],
    ['a forbidden version', `ff${HEADER.slice(2)}`],
    ['more fields than version 00 has', `${HEADER}-more`],
    ['a short id', HEADER.slice(0, -1)],
  ])('of %s is none', (_what, header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  it('of a later version is read by its first fields', () => {
    expect(parseTraceparent(`01${HEADER.slice(2)}-more`)).toMatchObject({ sampled: true });
  });
});

it('new traces are valid and differ', () => {
  const traces = Array.from({ length: 1_000 }, newTrace);
  expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(1_000);
  for (const trace of traces) expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
});

describe('without an exporter', () => {
  it('there is no trace outside of one, and a valid one inside', async () => {
    expect(currentTrace()).toBeNull();
    expect(injectTraceparent()).toBeNull();
    await withTraceContext(null, async () => {
      const here = currentTrace();
      expect(parseTraceparent(injectTraceparent())).toEqual(here);
      await new Promise((resolve) => setImmediate(resolve));
      expect(currentTrace()).toEqual(here);
    });
  });

  it('a trace crosses a queue by its header', () => {
    const header = withTraceContext(HEADER, () => injectTraceparent());
    withTraceContext(header, () => expect(currentTrace()?.traceId).toBe('0af7651916cd43dd8448eb211c80319c'));
  });

  it('spans belong to the trace they are opened in, and start one where there is none', () => {
    withTraceContext(HEADER, () => {
      const open = openSpan('run', { workflow: 'w' });
      expect(open.ref.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
      span('turn', { agent: 'a' }, (turn) => expect(turn.ref.traceId).toBe(open.ref.traceId));
    });
    span('run', {}, ({ ref }) => expect(currentTrace()).toEqual(ref));
    const open = openSpan('run', {});
    inSpan(open, () => expect(currentTrace()).toEqual(open.ref));
  });

  it('spans return what they hold and throw what it throws, at once or later', async () => {
    expect(span('tool', {}, () => 7)).toBe(7);
    expect(await span('tool', {}, async () => 8)).toBe(8);
    expect(() =>
      span('tool', {}, () => {
        throw new Error('now');
      }),
    ).toThrow('now');
    await expect(span('tool', {}, () => Promise.reject(new Error('later')))).rejects.toThrow('later');
  });
});
