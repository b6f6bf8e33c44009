import fc from 'fast-check';
import { newId, type RunId, sha256Hex, type TenantId } from '@writ/kernel';
import { checkChain, extendChain, GENESIS } from './chain';
import { type AuditDraft } from './packed';

const draft = (n: number): AuditDraft => ({
  id: newId('event'),
  tenant: 'ten_a' as TenantId,
  origin: 'writ/ten_a',
  type: 'action.settled',
  time: '2026-01-01T00:00:00.000Z',
  run: 'run_a' as RunId,
  step: n,
});

const chainOf = (cuts: readonly number[]): string[] => {
  let head = GENESIS;
  const lines: string[] = [];
  for (const size of cuts) {
    const link = extendChain(
      head,
      Array.from({ length: size }, (_, i) => draft(lines.length + i)),
    );
    lines.push(...link.lines);
    head = link.head;
  }
  return lines;
};

const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 });

describe("a run's chain", () => {
  it('holds however its events are cut into units, and ends at the last hash', () => {
    fc.assert(
      fc.property(cuts, (sizes) => {
        const lines = chainOf(sizes);
        const check = checkChain(lines);
        expect(check).toEqual({ ok: true, head: { seq: lines.length, hash: sha256Hex(lines.at(-1)!) } });
      }),
    );
  });

  it('[I9] any altered, missing, reordered or doubled event before the last is named', () => {
    fc.assert(
      fc.property(cuts, fc.constantFrom('alter', 'remove', 'swap', 'double'), fc.nat(), (sizes, how, where) => {
        const lines = chainOf(sizes);
        fc.pre(lines.length > 2);
        const at = where % (lines.length - 2);
        const tampered = [...lines];
        if (how === 'alter') tampered[at] = lines[at]!.replace('action.settled', 'action.settlee');
        if (how === 'remove') tampered.splice(at, 1);
        if (how === 'swap') [tampered[at], tampered[at + 1]] = [lines[at + 1]!, lines[at]!];
        if (how === 'double') tampered.splice(at, 0, lines[at]!);
        const check = checkChain(tampered);
        expect(check.ok).toBe(false);
        if (!check.ok) expect(check.index).toBe(how === 'alter' ? at + 1 : how === 'double' ? at + 1 : at);
      }),
    );
  });

  it('the hashes beside a link are those of its lines', () => {
    const link = extendChain(GENESIS, [draft(0), draft(1)]);
    const expected = link.lines.map((line) => sha256Hex(line));
    expect(Buffer.from(link.hashes).toString('hex')).toBe(expected.join(''));
  });

  it('bytes that are not the canonical form are named, even when they say the same', () => {
    const [line] = chainOf([1]);
    const spaced = line!.replace('{', '{ ');
    expect(checkChain([spaced])).toMatchObject({ ok: false, fault: 'not_canonical' });
  });
});
