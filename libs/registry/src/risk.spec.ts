import { canonicalJson, digestOf, highestRisk, RISK_TIERS, type RiskTier } from '@writ/kernel';
import fc from 'fast-check';
import { assembleBill } from './bill';
import type { BillOfMaterials, Versioned, WorkflowDefinition } from './definitions';
import { validateDocuments } from './documents';
import { riskOf } from './risk';

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
