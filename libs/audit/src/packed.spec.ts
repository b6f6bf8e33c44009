import fc from 'fast-check';
import { canonicalJson, newId, sha256Hex } from '@writ/kernel';
import { unitOfEvidence } from '../../../test/support/evidence';
import { type AuditDraft, keptPart, UnitPacking } from './packed';

const prev = sha256Hex('the event before');

/** The canonical events, their hashes, and the unit as it lies. */
function packed(all: readonly AuditDraft[]) {
  const packing = new UnitPacking(all, prev);
  let hash = prev;
  const lines: string[] = [];
  all.forEach((draft, i) => {
    lines.push(packing.add(draft, { seq: 7 + i, prev: hash }));
    hash = sha256Hex(lines[i]!);
  });
  return { lines, text: packing.text() };
}

describe('the evidence of a unit', () => {
  it('[I9] is hashed as canonical JSON, whatever it holds', () => {
    fc.assert(
      fc.property(unitOfEvidence, (all) => {
        let hash = prev;
        const expected = all.map((draft, i) => {
          const line = canonicalJson({ ...draft, schema: 1, run_seq: 7 + i, prev: hash });
          hash = sha256Hex(line);
          return line;
        });
        expect(packed(all).lines).toEqual(expected);
      }),
    );
  });

  it('keeps a member that this program does not know', () => {
    const [draft] = fc.sample(unitOfEvidence, { numRuns: 1, seed: 1 })[0]!;
    const odd = { ...draft!, zeal: 'high' } as AuditDraft;
    const { lines, text } = packed([odd]);
    expect(JSON.parse(lines[0]!)).toMatchObject({ zeal: 'high' });
    expect(text.endsWith(lines[0]!.replaceAll('%', '%%'))).toBe(true);
  });

  it('says a thing that its row, its neighbours or all evidence says once at most', () => {
    const tenant = newId('tenant');
    const common = { tenant, run: newId('run'), origin: `writ/${tenant}`, time: '2026-11-23T08:05:40.667Z' };
    const of = {
      context: `sha256:${'a'.repeat(64)}`,
      trace: 'b'.repeat(32),
      span: 'c'.repeat(16),
      attempt: 1,
      step: 1,
    };
    const { lines, text } = packed([
      { ...common, ...of, id: newId('event'), type: 'action.settled', outcome: 'ok', result: `hmac-sha256:${prev}` },
      { ...common, ...of, id: newId('event'), type: 'action.settled', outcome: 'ok', result: `hmac-sha256:${prev}` },
    ]);
    for (const said of [tenant, common.run, prev, of.context, of.trace, of.span]) expect(text).not.toContain(said);
    expect(text.length).toBeLessThan(lines.join('\n').length / 2);
  });
});

describe('what is looked for in a unit as it lies', () => {
  it('is there whenever an event has the member that is asked for, whole or by its beginning', () => {
    fc.assert(
      fc.property(unitOfEvidence, fc.boolean(), fc.nat({ max: 30 }), (all, whole, length) => {
        const { text } = packed(all);
        for (const { type, actor, action, object, decision, outcome, tier, id } of all) {
          const { verdict, reason, stages = [] } = decision ?? {};
          const members = { type, actor, action, verdict, reason, outcome, tier };
          const names = [...Object.entries(members), ['id', id], ['id', object?.id], ['type', object?.type]] as const;
          const rules = stages.flatMap(([, , ...rids]) => rids).map((rid) => ['', rid] as const);
          for (const [name, value] of [...names, ...rules]) {
            if (value === undefined) continue;
            const written = JSON.stringify(whole ? value : value.slice(0, length));
            const kept = keptPart(`${name === '' ? '' : `"${name}":`}${whole ? written : written.slice(0, -1)}`);
            if (kept !== null && value.slice(0, length).isWellFormed()) expect(text).toContain(kept);
          }
        }
      }),
    );
  });

  it('is most of it, where it is not what nearly all evidence says', () => {
    expect(keptPart('"actor":"agent:clerk"')).toContain('agent:clerk');
    expect(keptPart('"type":"approval.granted"')).toContain('approval.granted');
    expect(keptPart('"verdict":"deny"')).toContain('deny');
    expect(keptPart('"rul_0123456789ab"')).toContain('rul_0123456789ab');
    expect(keptPart('"id":"evt_01m83q0xnvev1aheb4xc4kktdx"')).toContain('01m83q0xnvev1aheb4xc4kktdx');
    expect(keptPart('"type":"action.settled"')).toBeNull();
  });
});
