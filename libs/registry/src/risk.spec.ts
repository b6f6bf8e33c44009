import { canonicalJson, digestOf } from '@writ/kernel';
import { highestRisk, RISK_TIERS, type RiskTier } from '@writ/words';
import fc from 'fast-check';
import { assembleBill } from './bill';
import type { BillOfMaterials, Versioned, WorkflowDefinition } from './definitions';
import { validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { reachedRisk, usersOf } from './reached';
import { answerable, type Governed, isGoverned, riskOf } from './risk';

const TOOL = { kind: 'tool', endpoint: { type: 'function', function: 'f' } } as const;
const ANSWERABLE = { owner: 'o', purpose: 'p' } as const;

type Marked = { readonly risk?: RiskTier };

/** A desk whose one agent consults a second; each part marked as told. */
function documents(marks: {
  readonly workflow?: Marked;
  readonly agent?: Marked;
  readonly consulted?: Marked;
  readonly tool?: Marked;
  readonly undo?: Marked;
}): object[] {
  return [
    { kind: 'model', name: 'small', model: 'gpt' },
    { ...TOOL, name: 'pay', compensate: { tool: 'unpay' }, ...marks.tool },
    { ...TOOL, name: 'unpay', ...marks.undo },
    { kind: 'agent', name: 'b', ...ANSWERABLE, model: 'small', instructions: '', ...marks.consulted },
    {
      kind: 'agent',
      name: 'a',
      ...ANSWERABLE,
      model: 'small',
      instructions: '',
      tools: ['pay'],
      consults: ['b'],
      ...marks.agent,
    },
    { kind: 'workflow', name: 'w', ...ANSWERABLE, root: { type: 'agent', agent: 'a' }, ...marks.workflow },
  ];
}

function billOf(set: readonly object[]): BillOfMaterials {
  const result = validateDocuments(set);
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  const versions = result.value.map((definition): Versioned => ({
    definition,
    version: 1,
    digest: digestOf(canonicalJson(definition)),
  }));
  const get = (kind: string, name: string) =>
    versions.find(({ definition }) => definition.kind === kind && definition.name === name);
  return assembleBill(get('workflow', 'w') as Versioned<WorkflowDefinition>, {
    get,
    all: (kind) => versions.filter(({ definition }) => definition.kind === kind),
  });
}

describe('the tier of a run', () => {
  it('is the highest of everything it may touch, what undoes a call and who is consulted among it', () => {
    const tier = fc.option(fc.constantFrom(...RISK_TIERS), { nil: undefined });
    fc.assert(
      fc.property(fc.tuple(tier, tier, tier, tier, tier), (tiers) => {
        const [workflow, agent, consulted, tool, undo] = tiers.map((risk) => (risk === undefined ? {} : { risk }));
        const bill = billOf(documents({ workflow, agent, consulted, tool, undo } as Parameters<typeof documents>[0]));
        expect(riskOf(bill)).toBe(highestRisk(tiers.map((one) => one ?? 'medium')));
      }),
    );
  });

  it('is medium where nobody has classed anything', () => {
    expect(riskOf(billOf(documents({})))).toBe('medium');
  });
});

/** The tree of parts, marked at random; `null` for what nobody has classed. */
const marks = fc
  .record(
    Object.fromEntries(
      ['workflow', 'agent', 'consulted', 'tool', 'undo'].map((name) => [
        name,
        fc.option(
          fc.constantFrom(...RISK_TIERS).map((risk) => ({ risk })),
          { nil: undefined },
        ),
      ]),
    ),
  )
  .map((all) => all as Parameters<typeof documents>[0]);

describe('the tier that a definition reaches', () => {
  const read = (set: readonly object[]) => {
    const result = validateDocuments(set);
    if (!result.ok) throw new Error(JSON.stringify(result.failure));
    const governed = result.value.filter(isGoverned);
    const get = (name: string): Governed => governed.find((one) => one.name === name)!;
    return { get, governed, lookup: lookupOf(result.value, []) };
  };

  it('is, of a workflow, the one its runs have', () => {
    fc.assert(
      fc.property(marks, (marked) => {
        const set = documents(marked);
        const { get, lookup } = read(set);
        expect(reachedRisk(get('w'), lookup)).toBe(riskOf(billOf(set)));
      }),
    );
  });

  it('never falls below that of a part', () => {
    fc.assert(
      fc.property(marks, (marked) => {
        const { get, lookup } = read(documents(marked));
        const order = (name: string): number => RISK_TIERS.indexOf(reachedRisk(get(name), lookup));
        expect(order('pay')).toBeGreaterThanOrEqual(order('unpay'));
        expect(order('a')).toBeGreaterThanOrEqual(Math.max(order('pay'), order('b')));
        expect(order('w')).toBeGreaterThanOrEqual(order('a'));
      }),
    );
  });

  it('comes with who names it', () => {
    const { governed, lookup } = read(documents({}));
    expect(Object.fromEntries(usersOf(governed, lookup))).toEqual({
      'agent a': ['workflow w'],
      'agent b': ['agent a'],
      'tool pay': ['agent a'],
      'tool unpay': ['tool pay'],
    });
  });
});

describe('who answers for a definition', () => {
  it('is its owner, until the end of the day by which it is reviewed', () => {
    const [tool] = validated([{ ...TOOL, name: 'pay', owner: 'o', purpose: 'p', review_by: '2027-02-28' }]);
    expect(answerable(tool!)).toEqual({
      type: 'tool',
      id: 'pay',
      tier: 'medium',
      owned: true,
      reviewBy: Date.parse('2027-03-01T00:00:00Z'),
    });
  });

  it('is nobody, for a tool without owner or purpose; agents and workflows cannot be without', () => {
    const [tool] = validated([{ ...TOOL, name: 'pay', owner: 'o' }]);
    expect(answerable(tool!)).toMatchObject({ owned: false, reviewBy: null });
    const { owner: _owner, ...unowned } = documents({})[4] as { owner: string };
    expect(validateDocuments([documents({})[0]!, unowned]).ok).toBe(false);
  });
});

const validated = (set: readonly object[]): readonly Governed[] => {
  const result = validateDocuments(set);
  return result.ok ? result.value.filter(isGoverned) : [];
};

describe('risk and review date of a definition', () => {
  it('do not touch the digest of a definition that has none', () => {
    const [, , , , agent] = documents({});
    const result = validateDocuments(documents({}));
    const read = result.ok ? result.value.find(({ name }) => name === 'a') : undefined;
    expect(canonicalJson(read as never)).toBe(
      canonicalJson({ ...(agent as object), handoffs: [], max_turns: 40 } as never),
    );
  });

  it.each([
    ['risk', { risk: 'extreme' }],
    ['review_by', { review_by: 'next year' }],
    ['review_by', { review_by: '2027-02-30' }],
    ['review_by', { review_by: '2027-01-01T00:00:00Z' }],
  ])('%s %j is refused', (member, mark) => {
    const result = validateDocuments([
      { kind: 'model', name: 'small', model: 'gpt' },
      { kind: 'agent', name: 'a', ...ANSWERABLE, model: 'small', instructions: '', ...mark },
    ]);
    expect(result.ok ? [] : Object.keys(result.failure.details ?? {})).toEqual([`/1/${member}`]);
  });

  it('are read as they stand', () => {
    const marks = { risk: 'high', review_by: '2027-02-28' } as const;
    const result = validateDocuments(documents({ agent: marks, tool: marks, workflow: marks }));
    const marked = result.ok ? result.value.filter((one) => 'risk' in one && one.risk === 'high') : [];
    expect(marked.map(({ kind }) => kind)).toEqual(['tool', 'agent', 'workflow']);
  });
});
