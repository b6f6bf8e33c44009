import type { JsonObject } from '@writ/kernel';
import { type FunctionContext, functionTransport, type ToolFunction } from '@writ/gateways';
import { gatewayOver, limits, summary, type Summary, toolCall } from './calls';
import { openOffice, type TestOffice } from './office';

let office: TestOffice;
beforeAll(async () => {
  office = await openOffice();
});

interface Ask {
  readonly args?: JsonObject;
  readonly effect?: 'read' | 'irreversible';
  readonly limits?: Parameters<typeof limits>[0];
}

function invoke(run: ToolFunction, { args = {}, effect = 'irreversible', limits: given }: Ask = {}) {
  const functions = functionTransport({ open: office.open, functions: { run } });
  const tools = gatewayOver(office.open, functions);
  const call = toolCall({ type: 'function', function: 'run' }, args, { effect });
  const permit = office.permit({ door: 'tool', target: call.target, args, attempt: 2, key: 'run.9' });
  return tools.invoke(permit, call, limits(given));
}

const cyclic = (): unknown => {
  const ring: Record<string, unknown> = {};
  ring['self'] = ring;
  return ring;
};

describe('a function tool', () => {
  it('is given the decided arguments, the key, the attempt and a signal', async () => {
    const seen: [JsonObject, FunctionContext][] = [];
    const outcome = await invoke((args, context) => void seen.push([args, context]), { args: { a: [1, 'ü'] } });
    expect(outcome).toEqual({ kind: 'ok', value: { content: null, text: 'null' } });
    expect(seen[0]?.[0]).toEqual({ a: [1, 'ü'] });
    expect(seen[0]?.[1]).toMatchObject({ idempotencyKey: 'run.9', attempt: 2 });
  });

  it('answers with a value that later changes of its own object do not touch', async () => {
    const kept = { list: [1] };
    const outcome = await invoke(async () => kept);
    kept.list.push(2);
    expect(outcome).toMatchObject({ kind: 'ok', value: { content: { list: [1] }, text: '{"list":[1]}' } });
  });

  const TABLE: readonly (readonly [what: string, run: ToolFunction, then: Summary])[] = [
    [
      'throws',
      () => {
        throw new Error('no');
      },
      ['tool_threw', 'permanent', 'yes'],
    ],
    ['rejects with no error at all', () => Promise.reject(new Error('')), ['tool_threw', 'permanent', 'yes']],
    ['answers 50 MB', () => 'x'.repeat(50_000_000), ['tool_result_too_large', 'permanent', 'yes']],
    ['answers one byte too many', () => 'x'.repeat(1_048_575), ['tool_result_too_large', 'permanent', 'yes']],
    ['answers a NUL character', () => ({ a: ['\u0000'] }), ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a NUL character in a key', () => ({ '\u0000': 1 }), ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a lone surrogate', () => 'a\ud800', ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a number that is none', () => ({ n: NaN }), ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a function', () => ({ f: () => 1 }), ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a bigint', () => 1n, ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a cycle', cyclic, ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a date', () => ({ at: new Date(0) }), ['tool_result_unencodable', 'permanent', 'yes']],
    ['answers a map', () => new Map([['a', 1]]), ['tool_result_unencodable', 'permanent', 'yes']],
  ];
  it.each(TABLE)('that %s is a failure that landed', async (_what, run, then) => {
    expect(summary(await invoke(run))).toEqual(then);
  });

  it('that throws is quoted in one safe line, never with its stack', async () => {
    const outcome = await invoke(() => {
      throw new Error(`bad\u0000 key sk-${'1'.repeat(20)} ${'y'.repeat(2_000)}`);
    });
    const message = outcome.kind === 'failed' ? outcome.failure.message : '';
    expect(message).toMatch(/^the tool failed: bad {2}key \[redacted\] y+$/);
    expect(message.length).toBeLessThan(600);
  });

  it('that hangs may have acted: unknown for a change, passing for a read', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    expect(summary(await invoke(never, { limits: { timeoutMs: 50 } }))).toEqual(['tool_timeout', 'unknown', 'maybe']);
    const read = await invoke(never, { effect: 'read', limits: { timeoutMs: 50 } });
    expect(summary(read)).toEqual(['tool_timeout', 'transient', 'maybe']);
  });

  it('is told of a cancel, and the call is let go', async () => {
    const cancel = new AbortController();
    let told = false;
    const outcome = invoke(
      (_args, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (told = true));
          setTimeout(() => cancel.abort(), 20);
        }),
      { limits: { signal: cancel.signal } },
    );
    expect(summary(await outcome)).toEqual(['call_cancelled', 'cancelled', 'maybe']);
    expect(told).toBe(true);
  });

  it('that was cancelled before is not called', async () => {
    let called = false;
    const outcome = await invoke(() => (called = true), { limits: { signal: AbortSignal.abort() } });
    expect(summary(outcome)).toEqual(['call_cancelled', 'cancelled', 'no']);
    expect(called).toBe(false);
  });

  it('that nobody registered is refused with its permit unspent', async () => {
    const functions = functionTransport({ open: office.open, functions: {} });
    const call = toolCall({ type: 'function', function: 'toString' });
    const permit = office.permit({ door: 'tool', target: call.target, args: {} });
    expect(summary(await functions.invoke(permit, call, limits()))).toEqual([
      'tool_function_unknown',
      'permanent',
      'no',
    ]);
    expect(office.open(permit, { door: 'tool', target: call.target, presented: {} }).ok).toBe(true);
  });
});
