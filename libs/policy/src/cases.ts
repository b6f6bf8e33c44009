import { type Json, newId, type TenantId } from '@writ/kernel';
import { passesOn } from '@writ/rules';
import { RISK_TIERS, VERDICTS } from '@writ/words';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { decide } from './decide';
import { sentence } from './sentence';
import type { Snapshot } from './snapshot';
import { ACTIONS, type Decision, type DecisionRequest, OBJECT_TYPES, type ResolvedAttribute } from './types';

const json = z.json();
const Case = z.strictObject({
  /** Roles asserted for the initiator. */
  who: z.array(z.string()).default([]),
  user: z.string().default('user:somebody'),
  /** Agents acting, first to current; `name=service` for one handed over to as a service. */
  chain: z.array(z.string()).default([]),
  act: z.enum(ACTIONS),
  /** `<type>:<id>`. */
  on: z.string(),
  args: z.record(z.string(), json).optional(),
  /** `<type>:<id>` of what the call touches. */
  resource: z.string().optional(),
  attributes: z.record(z.string(), json).default({}),
  mandate: z
    .array(
      z.strictObject({
        tool: z.string(),
        only: z.record(z.string(), z.array(json)).optional(),
        atMost: z.record(z.string(), z.number()).optional(),
      }),
    )
    .optional(),
  purpose: z.string().default('any'),
  /** The risk tier of the act, for policies with `tiers`. */
  risk: z.enum(RISK_TIERS).optional(),
  /** Epoch milliseconds or RFC 3339. */
  now: z.union([z.number(), z.string()]).default('2026-01-05T12:00:00Z'),
  expect: z.enum(VERDICTS),
  because: z.string().optional(),
});

const CaseTable = z.strictObject({ about: z.string().optional(), cases: z.array(Case).min(1) });

export interface CaseResult {
  /** One line that tells the case from the others. */
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly got: string;
  readonly decision: Decision;
  readonly sentence: string;
}

/** Runs a decision table (YAML) against a policy. Throws `ZodError` for a table that is not one. */
export function runCases(snapshot: Snapshot, table: string): readonly CaseResult[] {
  const tenant = newId('tenant');
  const authority = { tenant, snapshot, stops: [], epochs: { tenant: 1, platform: 1 } };
  return CaseTable.parse(parseYaml(table)).cases.map((one, i) => {
    const decision = decide(authority, requestOf(one, tenant));
    const expected = one.because === undefined ? one.expect : `${one.expect} (${one.because})`;
    const got = one.because === undefined ? decision.verdict : `${decision.verdict} (${decision.reason})`;
    const actor = [one.who.join('+') || one.user, ...one.chain].join(' → ');
    return {
      name: `${i + 1}: ${actor} ${one.act} ${one.on} is ${one.expect}`,
      passed: expected === got,
      expected,
      got,
      decision,
      sentence: sentence(decision),
    };
  });
}

function requestOf(one: z.infer<typeof Case>, tenant: TenantId): DecisionRequest {
  const now = typeof one.now === 'number' ? one.now : Date.parse(one.now);
  const object = nameOf(one.on);
  const resource = one.resource === undefined ? undefined : nameOf(one.resource);
  const attributes: Record<string, ResolvedAttribute> = {};
  for (const [name, value] of Object.entries(one.attributes) as [string, Json][]) {
    attributes[name] = { value, source: 'case', at: now };
  }
  return {
    tenant,
    initiator: { tenant, kind: one.user.startsWith('service:') ? 'service' : 'user', id: one.user, roles: one.who },
    chain: one.chain.map((hop) => {
      const [agent = '', mode] = hop.split('=');
      return { agent, digest: `sha256:${agent}`, ...(mode === 'service' ? { mode } : {}) };
    }),
    action: one.act,
    object: { type: z.enum(OBJECT_TYPES).parse(object.type), id: object.id },
    attributes,
    now,
    ...(one.args === undefined ? {} : { args: one.args }),
    ...(resource === undefined ? {} : { resource }),
    ...(one.mandate === undefined ? {} : { mandate: { tools: one.mandate as never } }),
    ...(one.risk === undefined ? {} : { risk: { parts: [], atLeast: one.risk } }),
    ...(passesOn(one.act) ? { handoff: { to: object.id, purpose: one.purpose, depth: one.chain.length } } : {}),
  };
}

function nameOf(text: string): { readonly type: string; readonly id: string } {
  const colon = text.indexOf(':');
  return { type: text.slice(0, colon), id: text.slice(colon + 1) };
}
