import type { Unit } from '../unit';
import { unfit } from './fit';
import { commitStatement, loneStatement, readAnswers } from './statement';

const unit: Unit = {
  id: 'unt_1',
  tenant: 'ten_1',
  run: 'run_1',
  leaseEpoch: 1,
  authority: { tenant: 1, platform: 1 },
  seq: 1,
  nextSeq: 2,
  create: null,
  status: 'running',
  wait: null,
  wakeAt: null,
  release: false,
  journal: '{}',
  audit: '{}',
  auditHashes: new Uint8Array(32),
  auditSeq: 1,
  mail: [],
  decisions: [],
} as unknown as Unit;

describe('the call that commits a batch', () => {
  it('is one prepared statement whatever the batch, with a binary array for each parameter', () => {
    const texts = [1, 2, 256].map((size) => commitStatement(Array.from({ length: size }, () => unit)));
    expect(new Set(texts.map(({ name, text }) => `${name}: ${text}`)).size).toBe(1);
    for (const { text, values } of texts) {
      expect(values?.every((value) => Buffer.isBuffer(value))).toBe(true);
      expect(text).toContain(`$${values!.length})`);
      expect(text).not.toContain(`$${values!.length + 1}`);
    }
  });

  it('is answered by exactly one known letter per unit; anything else proves nothing', () => {
    const told = readAnswers('clsaxr', 6).map(({ answer }) => answer);
    expect(told).toEqual(['committed', 'lease', 'sequence', 'authority', 'exists', 'raced']);
    const wrong = [
      ['cc', 3],
      ['ccc', 2],
      ['cz', 2],
      ['cb', 2],
      ['cb\n1 bud_1', 2],
      ['C', 1],
      ['', 1],
      [null, 1],
      [undefined, 1],
      [['c'], 1],
    ] as const;
    for (const [letters, count] of wrong) expect(() => readAnswers(letters, count)).toThrow(/commit_units answered/);
  });
});

describe('a batch with a run in it that is taken up again', () => {
  const resumes = { from: 1, owner: 'wrk_1' };
  const resumed = { ...unit, leaseEpoch: 2, resumes } as unknown as Unit;

  it('goes with another call, which is told the lease of each such unit beside all that the other is told', () => {
    const [plain, taking] = [commitStatement([unit, unit]), commitStatement([unit, resumed])];
    expect(plain.text).toContain('commit_units');
    expect(taking.text).toContain('commit_resumed');
    expect(taking.values).toHaveLength(plain.values!.length + 3);
    expect(taking.text).toContain(`$${taking.values!.length})`);
    expect(loneStatement([resumed])).toBeNull();
  });

  it('cannot be sent with what Postgres cannot keep', () => {
    expect(unfit(resumed)).toBeNull();
    expect(unfit({ ...resumed, resumes: { ...resumes, owner: '\u0000' } } as unknown as Unit)).toBe('22021');
    expect(unfit({ ...resumed, resumes: { ...resumes, from: 2 ** 60 } } as unknown as Unit)).toBe('22003');
  });
});

describe('a batch with budgets in it', () => {
  const budget = {
    reserve: [{ budget: 'bud_1', step: 2, attempt: 1, amount: 7 }],
    settle: [{ budget: 'bud_1', step: 1, attempt: 1, actual: 3 }],
    settleRest: true,
  } as unknown as NonNullable<Unit['budget']>;

  it('is the same statement as any other, and names the budget that had no room', () => {
    expect(commitStatement([unit, { ...unit, budget }]).text).toBe(commitStatement([unit]).text);
    expect(readAnswers('cbcb\n2 bud_1\n4 bud_2', 4).slice(1)).toEqual([
      { answer: 'budget', budget: 'bud_1' },
      { answer: 'committed' },
      { answer: 'budget', budget: 'bud_2' },
    ]);
  });

  it('counts in whole numbers, and reserves no less than one', () => {
    expect(unfit({ ...unit, budget })).toBeNull();
    const [one] = budget.reserve;
    for (const amount of [0, -1, 1.5, 2 ** 53]) {
      expect(unfit({ ...unit, budget: { ...budget, reserve: [{ ...one!, amount }] } })).toBe('22003');
    }
  });
});

describe('the call that commits one unit', () => {
  const create = { deadlineAt: null } as NonNullable<Unit['create']>;

  it('takes a unit alone that neither consumes mail nor is limited, and nothing else', () => {
    const step = loneStatement([{ ...unit, wakeAt: 1.5 }]);
    expect(step?.values).toHaveLength(16);
    expect(step?.text).toContain('$16)');
    const budget = { reserve: [], settle: [], settleRest: true };
    const others = [[], [unit, unit], [{ ...unit, mail: ['mail_1'] as never }], [{ ...unit, budget }]];
    for (const units of others) expect(loneStatement(units)).toBeNull();
  });

  it('is another one for a unit that creates its run, where that begins at zero', () => {
    const first = { ...unit, create, seq: 0, auditSeq: 0 };
    const start = loneStatement([first]);
    expect(start?.values).toHaveLength(22);
    expect(start?.text).toContain('commit_start');
    expect(loneStatement([{ ...first, seq: 1 }])).toBeNull();
    expect(loneStatement([{ ...first, auditSeq: 1 }])).toBeNull();
  });
});

describe('a unit that cannot be sent as it is', () => {
  it.each<[string, Partial<Unit>, string]>([
    ['NUL in its journal', { journal: '{"a":"\u0000"}' }, '22021'],
    ['half a surrogate pair in its evidence', { audit: '{"a":"\ud800"}' }, '22021'],
    ['a sequence beyond an int', { nextSeq: 2 ** 31 }, '22003'],
    ['a sequence that is no whole number', { seq: 0.5 }, '22003'],
    ['an epoch that is no safe integer', { leaseEpoch: 2 ** 53 }, '22003'],
    ['a time that is none', { wakeAt: Number.NaN }, '22008'],
    ['sixteen million characters', { journal: 'x'.repeat(16 * 1_048_576 + 1) }, '54000'],
  ])('says why: %s', (_what, changes, state) => {
    expect(unfit({ ...unit, ...changes })).toBe(state);
  });

  it('is none of the ordinary ones', () => {
    expect(unfit(unit)).toBeNull();
    expect(unfit({ ...unit, journal: '{"a":"😀\\u0000"}', wakeAt: 0 })).toBeNull();
  });
});
