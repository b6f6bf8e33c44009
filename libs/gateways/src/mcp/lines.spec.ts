import fc from 'fast-check';
import { LineReader } from './lines';

function read(bytes: Buffer, cuts: readonly number[], cap: number) {
  const lines: string[] = [];
  const oversized: (number | null)[] = [];
  const reader = new LineReader(() => cap, { line: (text) => lines.push(text), oversized: (id) => oversized.push(id) });
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(bytes.length, Math.max(from, cut));
    reader.push(bytes.subarray(from, to));
    from = to;
  }
  reader.push(bytes.subarray(from));
  return { lines, oversized };
}

describe('lines of a pipe', () => {
  it('are the same however the bytes come in, also in the middle of a character', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(300)), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        expect(read(bytes, cuts, 10_000).lines).toEqual(lines.filter((text) => text !== ''));
      }),
    );
  });

  it('over the cap are thrown away as they come, and those around them are not', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60_000), { maxLength: 20 }), fc.boolean(), (cuts, idFirst) => {
        const big = 'x'.repeat(50_000);
        const giant = idFirst
          ? `{"jsonrpc":"2.0","id":41,"result":{"text":"${big}"}}`
          : `{"result":{"text":"${big}"},"jsonrpc":"2.0","id":41}`;
        const { lines, oversized } = read(Buffer.from(`first\n${giant}\nlast\n`), cuts, 5_000);
        expect(lines).toEqual(['first', 'last']);
        expect(oversized).toEqual([41]);
      }),
    );
  });

  it('tell which request a giant one answered, at either edge', () => {
    const big = 'x'.repeat(5_000);
    const idOf = (text: string): unknown => read(Buffer.from(`${text}\n`), [], 1_000).oversized[0];
    expect(idOf(`{"jsonrpc":"2.0","id":7,"result":"${big}"}`)).toBe(7);
    expect(idOf(`{"id":7,"jsonrpc":"2.0","result":"${big}"}`)).toBe(7);
    expect(idOf(`{"result":"${big}","id":7}`)).toBe(7);
    expect(idOf(`{"jsonrpc":"2.0","result":"${big}","id":7,"jsonrpc":"2.0"}`)).toBe(7);
    expect(idOf(`{"result":"${big}","note":{"id":7}}`)).toBeNull();
    expect(idOf(big)).toBeNull();
  });
});
