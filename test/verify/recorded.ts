import fc from 'fast-check';
import { canonicalJson, type DelegationId, digestOf, type Hop, newId } from '@writ/kernel';
import { decide, type Decision, type DecisionRequest, type Snapshot } from '@writ/policy';
import { Content } from '../../libs/verify/src/content';
import { Problems } from '../../libs/verify/src/report';
import { NOW, snapshotOf, stopOf, tenant } from '../policy/parts';

/** A decision as evidence, as the engine writes it: the rules of each stage by id, `?` before one whose condition erred. */
export const evidence = (decision: Decision) => ({
  id: decision.id,
  verdict: decision.verdict,
  reason: decision.reason,
  stages: decision.stages.map(({ stage, verdict, matches }) => [
    stage,
    verdict,
    ...matches.map(({ rid, error }) => (error === undefined ? rid : `?${rid}`)),
  ]),
  ...(decision.obligations.length > 0 && { obligations: decision.obligations.map(({ id }) => id) }),
  mode: 'enforce',
});
export type Evidence = Omit<ReturnType<typeof evidence>, 'obligations'> & { obligations?: string[] };

const TYPES = { allow: 'action.authorized', deny: 'action.denied', ask: 'action.asked' } as const;

export interface Case {
  readonly snapshot: Snapshot;
  readonly request: DecisionRequest;
}

let serial = 0;
export const event = (members: object): Uint8Array =>
  new TextEncoder().encode(
    canonicalJson({
      schema: 1,
      id: `evt_01k8x0q3wsf5z8k2m4n6${String(serial++).padStart(6, '0')}`,
      tenant,
      origin: `writ/${tenant}`,
      run: 'tenant',
      time: new Date(NOW).toISOString(),
      run_seq: 0,
      prev: '0'.repeat(64),
      ...members,
    }),
  );

/** What the verifier says of a decision recorded in a run: its faults, and how many decisions it took from their rules. */
export function said(
  { snapshot, request }: Case,
  recorded: Evidence,
  more: { readonly approval?: string } = {},
): { readonly faults: string[]; readonly byRules: number } {
  const problems = new Problems();
  const content = new Content({ tenant }, problems);
  content.policy(snapshot.digest, snapshot.body, 0);
  const { initiator, chain, mandate } = request;
  const context = canonicalJson({
    initiator: initiator.id,
    roles: initiator.roles,
    chain: chain.map((hop) => ({ ...hop })),
    workflow: { name: 'w', digest: 'd' },
    snapshot: snapshot.digest,
    build: 'b',
    mandate: mandate ? digestOf(canonicalJson(mandate)) : null,
    ...(mandate && { grants: mandate.tools.map(({ tool, only }) => ({ tool, ...(only && { limited: true }) })) }),
    keys: [],
  });
  const at = { index: 0, byte: null };
  content.event(event({ type: 'context', detail: { context } }), at, false);
  const { type, id } = request.object;
  const actor = chain.at(-1) ? `agent:${chain.at(-1)!.agent}` : initiator.id;
  const run = newId('run');
  const told = { ...more, run, type: TYPES[recorded.verdict], actor, action: request.action, object: { type, id } };
  content.event(event({ ...told, context: digestOf(context), decision: recorded }), at, false);
  return { faults: problems.first().map(({ message }) => message), byRules: content.decisions.by_rules };
}

export const decided = (
  { snapshot, request }: Case,
  stopped = false,
  revoked: readonly DelegationId[] = [],
): Decision => {
  const stops = stopped ? [stopOf({ scope: 'tenant' })] : [];
  return decide({ tenant, snapshot, stops, revoked: new Set(revoked), epochs: { tenant: 1, platform: 1 } }, request);
};

const users = ['user:a', 'user:ab', 'user:b'];
const agents = ['a', 'b', 'c'];
const roles = ['role:r', 'role:s', 'role:t'];
const objects = ['tool:x', 'tool:xy', 'tool:z', 'model:m', 'agent:a', 'agent:b'];
const subjects = [...users, ...agents.map((name) => `agent:${name}`), ...roles, 'user:*', 'agent:*', '*'];
// `lost` reads what no request has, so it errs: an allow of it does not count, a denial does. What those of the second line
// read stands in evidence; of those of the third a part does.
const conditions = {
  ...{ yes: { eq: ['args./n', 1] }, no: { eq: ['args./n', 2] }, lost: { eq: ['args./missing', 1] } },
  ...{ early: { lt: ['time.hour', 11] }, late: { gte: ['time.hour', 11] }, led: { eq: ['agent.id', 'agent:a'] } },
  ...{
    half: { all: [{ contains: ['initiator.roles', 'role:t'] }, { eq: ['args./n', 1] }] },
    there: { exists: 'args./n' },
  },
  kind: { any: [{ eq: ['initiator.kind', 'service'] }, { eq: ['object.id', 'x'] }] },
};
const ANY_CONDITION = Object.keys(conditions);
const rule = fc.record({
  sub: fc.constantFrom(...subjects),
  obj: fc.constantFrom(...objects, 'class:c', 'tool:x*', 'agent:*', '*', '*'),
  act: fc.constantFrom('tool.invoke', 'model.invoke', 'handoff', 'tool.*', '*', '*'),
  cond: fc.constantFrom(...Array<string>(10).fill(''), ...ANY_CONDITION),
  eft: fc.constantFrom('allow', 'allow', 'allow', 'allow', 'deny'),
  obl: fc.constantFrom('', '', '', 'ask'),
});
const handoffRule = fc.record({
  src: fc.constantFrom('agent:a', 'agent:b', 'role:r', '*'),
  dst: fc.constantFrom('agent:a', 'agent:b', 'agent:c', '*'),
  purpose: fc.constantFrom('*', '*', 'billing'),
  mode: fc.constantFrom('attenuate', 'service'),
  cond: fc.constantFrom('', '', '', '', 'no', 'lost', 'led', 'late'),
  eft: fc.constantFrom('allow', 'allow', 'deny'),
});
const hop = fc.record({
  agent: fc.constantFrom(...agents),
  mode: fc.constantFrom('attenuate', 'attenuate', 'service'),
});
const requests = fc.record({
  user: fc.constantFrom(...users),
  asserted: fc.subarray(['r', 's']),
  chain: fc.array(hop, { maxLength: 3 }),
  object: fc.constantFrom(...objects),
  handoff: fc.boolean(),
  mandate: fc.option(fc.constantFrom('x', 'z'), { freq: 6 }),
});
export const policies = fc.record({
  rules: fc.array(rule, { minLength: 6, maxLength: 25 }),
  handoffs: fc.array(handoffRule, { maxLength: 8 }),
  links: fc.subarray(['g, user:a, role:r', 'g, agent:a, role:s', 'g, role:r, role:t', 'g2, tool:z, class:c']),
  requests: fc.array(requests, { minLength: 20, maxLength: 20 }),
});
export type Policy = typeof policies extends fc.Arbitrary<infer P> ? P : never;

export function snapshotOfPolicy({ rules, handoffs, links }: Policy): Promise<Snapshot> {
  const t = '{tenant}';
  const lines = [
    ...rules.map((r) => ['p', r.sub, t, r.obj, r.act, r.cond, r.eft, r.eft === 'deny' ? '' : r.obl].join(',')),
    ...handoffs.map((r) => ['p2', r.src, r.dst, t, r.purpose, r.mode, r.cond, r.eft].join(',')),
    ...links.map((link) => `${link}, ${t}`),
  ];
  const obligations = { ask: { type: 'require_approval', values: { count: 1, roles: ['x'] } } };
  return snapshotOf(JSON.stringify({ rules: lines, conditions, obligations }));
}

export function requestOf(asked: Policy['requests'][number]): DecisionRequest {
  const [type, id] = asked.object.split(':') as ['tool' | 'model' | 'agent', string];
  const chain = asked.chain.map(({ agent, mode }, i): Hop => ({
    agent,
    digest: `d${i}`,
    ...(i > 0 && { mode: mode as 'service' }),
  }));
  const base = {
    tenant,
    initiator: { tenant, kind: 'user', id: asked.user, roles: asked.asserted },
    chain,
    args: { n: 1 },
    mandate: asked.mandate === null ? null : { tools: [{ tool: asked.mandate }] },
    now: NOW,
  } as const;
  if (asked.handoff && chain.length > 0) {
    const to = agents[asked.object.length % 3]!;
    const handoff = { to, purpose: 'billing', depth: chain.length };
    return { ...base, action: 'handoff', object: { type: 'agent', id: to }, handoff };
  }
  return { ...base, action: type === 'model' ? 'model.invoke' : 'tool.invoke', object: { type, id } };
}

export const numRuns = process.env['WRIT_SOAK'] === '1' ? 5_000 : 60;

/** What is wrong with events of a tenant's log, read in this order: their places, and why. */
export function faultsOf(of: string, lines: readonly string[]): readonly (readonly [number | null, string])[] {
  const problems = new Problems();
  const content = new Content({ tenant: of }, problems);
  const encoder = new TextEncoder();
  for (const [index, line] of lines.entries()) content.event(encoder.encode(line), { index, byte: null }, false);
  return problems.first().map(({ index, message }) => [index, message]);
}
