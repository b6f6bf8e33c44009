import fc from 'fast-check';
import { canonicalJson, type DecisionId, digestOf, type TenantId } from '@writ/kernel';
import type { RecordedDecision, RunEvent, RunStarted, StepIntended } from './events';
import { journalEvents, journalLine } from './journal-line';

const tenant = 'ten_00000000000000000000000000' as TenantId;
const snapshot = fc.constantFrom('sha256:start', 'sha256:later');
const name = fc.constantFrom('a', 'agent:a', 'agent:b', 'user:c', tenant as string);
const plain = { effect: 'allow' as const, condition: null, read: {} };

const match = fc.oneof(
  fc.constantFrom('r1', 'r2', 'r 2').map((rid) => ({ rid, ...plain })),
  fc.record({
    rid: fc.constant('r3'),
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    condition: fc.constantFrom(null, 'own_order'),
    read: fc.dictionary(fc.constantFrom('args./x', 'toString'), fc.integer(), { noNullPrototype: true }),
  }),
  fc.constant({ rid: 'r4', ...plain, error: 'no such attribute' }),
);
const stage = fc.record({
  stage: fc.constantFrom('guardrail' as const, 'agent' as const, 'initiator' as const, 'mandate' as const),
  subject: name,
  verdict: fc.constantFrom('allow' as const, 'deny' as const, 'ask' as const),
  explicit: fc.boolean(),
  matches: fc.array(match, { maxLength: 3 }),
});
const guardrail = fc.constant({
  stage: 'guardrail' as const,
  subject: tenant as string,
  verdict: 'allow' as const,
  explicit: false,
  matches: [],
});
const decision: fc.Arbitrary<RecordedDecision> = fc.record(
  {
    id: fc.constant('dec_00000000000000000000000000' as DecisionId),
    reason: fc.constantFrom('allowed' as const, 'stopped' as const, 'forbidden_by_rule' as const),
    stage: fc.constantFrom('guardrail' as const, 'policy' as const, 'initiator' as const),
    explicit: fc.boolean(),
    stages: fc.oneof(
      fc.array(stage, { maxLength: 3 }),
      fc.tuple(guardrail, fc.array(stage, { maxLength: 3 })).map(([first, rest]) => [first, ...rest]),
    ),
    obligations: fc.array(fc.constant({ id: 'o', type: 'approval', values: {} }), { maxLength: 1 }),
    nearMisses: fc.array(fc.constant({ rid: 'r', stage: 'agent' as const, subject: 's', missing: 'm' }), {
      maxLength: 1,
    }),
    snapshot,
    handoffMode: fc.constantFrom('attenuate' as const, 'service' as const),
  },
  { requiredKeys: ['id', 'reason', 'stage', 'explicit', 'stages', 'obligations', 'nearMisses', 'snapshot'] },
);

const started: fc.Arbitrary<RunStarted> = decision.map((made) => ({
  type: 'run_started',
  at: 1,
  workflow: 'w',
  bill_digest: 'sha256:bill',
  bill: [
    ['agent', 'a', 'sha256:agent'],
    ['tool', 't', 'sha256:tool'],
  ],
  input: {},
  initiator: { kind: 'user', id: 'user:c', roles: [] },
  caller: 'user:c',
  mandate: null,
  budget: {},
  deadline_at: null,
  decision: made,
}));

const args = fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.constant('x')), { noNullPrototype: true });
const intended: fc.Arbitrary<StepIntended> = fc
  .record({
    made: decision,
    kind: fc.constantFrom('tool' as const, 'data' as const, 'model' as const, 'handoff' as const),
    target: fc.constantFrom('t', 'a'),
    digest: fc.constantFrom('sha256:tool', 'sha256:agent', 'sha256:elsewhere'),
    given: fc.constantFrom('beside', 'by reference', 'implied'),
    args,
  })
  .map(({ made, kind, target, digest, given, args: value }) => ({
    type: 'step_intended',
    at: 2,
    step: 1,
    attempt: 1,
    path: '',
    kind,
    agent: kind === 'tool' ? 'a' : null,
    target,
    target_digest: digest,
    ...(given === 'beside' && { args: value }),
    ...(given === 'by reference' && { args_ref: digestOf(canonicalJson(value)) }),
    args_digest: digestOf(canonicalJson(value)),
    salt: 's',
    effect: 'read',
    decision: made,
  }));
const denied: fc.Arbitrary<RunEvent> = decision.map((made) => ({
  type: 'step_denied',
  at: 2,
  step: 1,
  path: '',
  kind: 'tool',
  agent: 'a',
  target: 't',
  decision: made,
}));
const settled: RunEvent = { type: 'step_settled', at: 3, step: 1, attempt: 1, outcome: 'ok', result: 1, final: true };

describe('a line of the journal', () => {
  it('gives its event back, whatever the decision, whatever stands elsewhere', () => {
    const journal = fc.tuple(started, fc.array(fc.oneof(intended, denied, fc.constant(settled)), { maxLength: 4 }));
    fc.assert(
      fc.property(journal, ([first, rest]) => {
        const events: RunEvent[] = [first, ...rest];
        const lines = events.map((event) => journalLine({ tenant, started: first }, event));
        const back = journalEvents(tenant, lines);
        expect(back.map((event) => canonicalJson(event))).toEqual(events.map((event) => canonicalJson(event)));
      }),
    );
  });

  it('does not repeat the bill, the snapshot, an argument digest or a guardrail that let the act pass', () => {
    const first = fc.sample(started, 1)[0]!;
    const event: StepIntended = {
      ...fc.sample(intended, 1)[0]!,
      kind: 'tool',
      target: 't',
      target_digest: 'sha256:tool',
      args: { a: 1 },
      args_digest: digestOf('{"a":1}'),
      decision: {
        ...first.decision,
        reason: 'allowed',
        stage: 'initiator',
        explicit: true,
        obligations: [],
        nearMisses: [],
        stages: [
          { stage: 'guardrail', subject: tenant, verdict: 'allow', explicit: false, matches: [] },
          {
            stage: 'initiator',
            subject: 'user:c',
            verdict: 'allow',
            explicit: true,
            matches: [{ rid: 'r1', ...plain }],
          },
        ],
      },
    };
    const { args_ref: _ref, ...whole } = event;
    const line = JSON.parse(journalLine({ tenant, started: first }, whole)) as Record<string, unknown>;
    expect(line).not.toHaveProperty('args_digest');
    expect(line).not.toHaveProperty('target_digest');
    expect(line['decision']).toMatchObject({ asked: ['initiator r1'] });
    for (const said of ['snapshot', 'reason', 'explicit', 'stage', 'obligations', 'nearMisses']) {
      expect(line['decision']).not.toHaveProperty(said);
    }
  });
});
