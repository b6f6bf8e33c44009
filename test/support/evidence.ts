import fc from 'fast-check';
import type { AuditDraft } from '@writ/audit';
import { newId, type RunId, type TenantId } from '@writ/kernel';

const HEX = fc.stringMatching(/^[0-9a-f]{64}$/);
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('%', '%1$s', '"', 'a\nb', 'allow', '{'));
const digest = fc.oneof(
  HEX.map((hex) => `hmac-sha256:${hex}`),
  text,
);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });

const stage = fc.oneof(
  fc.constantFrom(['guardrail', 'allow'], ['agent', 'allow', 'rul_0123456789ab'], ['initiator', 'allow', '?rul_1']),
  fc.array(text, { minLength: 2, maxLength: 4 }),
);
const decision = fc.record({
  id: fc.constantFrom(newId('decision'), 'dec_short'),
  verdict: fc.constantFrom('allow', 'deny', 'ask'),
  reason: fc.constantFrom('allowed', 'agent_not_granted'),
  stages: fc.oneof(
    fc.array(stage, { maxLength: 4 }),
    fc.constant([
      ['guardrail', 'allow'],
      ['agent', 'allow', 'rul_fe79729147c0'],
      ['initiator', 'allow', 'rul_83cf79daf644'],
    ]),
  ),
  obligations: maybe(fc.array(text, { maxLength: 2 })),
  mode: fc.constantFrom('enforce', 'observe'),
});

/** Events of one unit: as a run writes them, and as nobody would. */
const drafts = (tenant: TenantId, run: RunId) =>
  fc.array(
    fc.record({
      id: fc.constantFrom(newId('event'), newId('event'), 'evt_1'),
      tenant: fc.constant(tenant),
      run: fc.constant(run),
      origin: fc.constantFrom(`writ/${tenant}`, `writ/${tenant}/2`),
      type: fc.constantFrom('action.authorized', 'action.settled', 'run.finished'),
      time: fc.constantFrom('2026-11-23T08:05:40.667Z', '2026-11-23T08:06:01.000Z', 'some day'),
      context: maybe(fc.constantFrom(`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`, 'none')),
      trace: maybe(fc.constantFrom('0af7651916cd43dd8448eb211c80319c', 'f'.repeat(32), 'none')),
      span: maybe(fc.constantFrom('0af7651916cd43dd', 'e'.repeat(16), '')),
      step: maybe(fc.nat()),
      attempt: maybe(fc.constantFrom(1, 1, 2)),
      authority: maybe(fc.constantFrom({ tenant: 3, platform: 1 })),
      actor: maybe(text),
      action: maybe(text),
      object: maybe(fc.record({ type: text, id: text, digest: maybe(HEX.map((hex) => `sha256:${hex}`)) })),
      args: maybe(digest),
      result: maybe(digest),
      outcome: maybe(fc.constantFrom('ok', 'error', 'ok"')),
      decision: maybe(decision),
      tier: maybe(fc.constantFrom('high', 'low')),
      usage: maybe(fc.constant({ input: 1, output: 2 })),
      detail: maybe(fc.dictionary(text, text, { maxKeys: 3 })),
    }),
    { minLength: 1, maxLength: 5 },
  ) as fc.Arbitrary<AuditDraft[]>;

/** The events of one unit of a run. */
export const unitOfEvidence = fc
  .constantFrom<[TenantId, RunId]>([newId('tenant'), newId('run')], [newId('tenant'), 'run_%"' as RunId])
  .chain(([tenant, run]) => drafts(tenant, run));
