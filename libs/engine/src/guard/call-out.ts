import { canonicalJson, digestOf, type Json, type JsonObject } from '@writ/kernel';
import type { TenantAuthority } from '@writ/policy';
import { baseRequest } from '../acts';
import type { HeldRun } from '../held-run';
import { reservation } from '../model-request';
import type { Proposal } from '../proposal';
import type { Callee } from './callees';
import type { Content, Crossing } from './crossing';

type Guardrail = NonNullable<NonNullable<TenantAuthority['snapshot']>['guardrails']>['checks'][number];

/**
 * The question of a guardrail to a tool or a model, as a step of its own beside the act it is about: decided (for the agent
 * and everybody it acts for, as `guardrail.check`), permitted, recorded and charged like any other. It is asked once; no
 * answer in time is a check that failed.
 */
export function proposeCheck(
  held: HeldRun,
  about: {
    readonly parent: Proposal;
    readonly crossing: Crossing;
    readonly guardrail: Guardrail;
    readonly content: readonly Content[];
    readonly callee: Callee;
    readonly key: string;
    readonly now: number;
  },
): Proposal {
  const { parent, crossing, guardrail, content, callee, key, now } = about;
  const { id, version, says } = guardrail;
  const call = says.call!;
  const texts = content.map(({ value }) => (typeof value === 'string' ? value : canonicalJson(value)));
  const { definition, digest } = callee;
  const args: JsonObject =
    definition.kind === 'tool'
      ? { guardrail: id, boundary: crossing.boundary, agent: crossing.agent, content: texts }
      : modelArguments(definition, { instructions: call.instructions ?? '', texts, user: held.run });
  const argsText = canonicalJson(args);
  return {
    kind: 'check',
    door: definition.kind === 'tool' ? 'data' : 'model',
    path: parent.path,
    agent: parent.agent,
    chain: parent.chain,
    target: definition.name,
    targetDigest: digest,
    args,
    argsText,
    argsDigest: digestOf(argsText),
    effect: 'read',
    call: null,
    maxAttempts: 1,
    request: {
      ...baseRequest(held, parent.chain, now),
      action: 'guardrail.check',
      object: { type: 'guardrail', id, digest },
    },
    details: {
      check: { guardrail: id, version, key, verdict: call.verdict, timeout_ms: call.timeout_ms },
      ...(definition.kind === 'model' && { reserve: reservation(argsText, args) }),
    },
    // What is asked about is in the journal already.
    keepArgs: false,
    callee,
  };
}

function modelArguments(
  { parameters, model }: Extract<Callee['definition'], { kind: 'model' }>,
  {
    instructions,
    texts,
    user,
  }: { readonly instructions: string; readonly texts: readonly string[]; readonly user: string },
): JsonObject {
  const messages: Json[] = [
    { role: 'system', content: instructions },
    { role: 'user', content: texts.join('\n\n') },
  ];
  const { stream: _stream, ...own } = parameters as JsonObject;
  return { ...own, model, messages, user };
}
