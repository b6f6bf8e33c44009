import type { TenantId } from '@writ/kernel';
import type { DecisionRequest } from '@writ/policy';

const ROLES = 10;
const AGENTS = 50;
/** Rules of one tenant: 20 for each role. */
export const RULES_A_TENANT = 200;

/** Which rules a call meets: one allow; an allow and a conditional deny; those and an allow by class. */
export type Candidates = 1 | 2 | 3;

const toolsOf = (role: number, candidates: Candidates): string[] => {
  const [from, count] = { 1: [0, 9], 2: [9, 2], 3: [11, 2] }[candidates] as [number, number];
  return Array.from({ length: count }, (_, i) => `${role}-${from + i}`);
};

/**
 * One tenant's policy: 10 roles, 200 rules, 50 agents and 50 users in the roles, conditions over arguments and owner.
 * `mark` stands in every name, so that policies with different ones have no name in common.
 */
export function tenantBundle(mark = ''): object {
  const rules: string[] = [];
  const put = (section: string, ...columns: string[]): void => void rules.push([section, ...columns].join(', '));
  for (let r = 0; r < ROLES; r++) {
    const role = `role:${mark}${r}`;
    for (const tool of toolsOf(r, 1)) put('p', role, '{tenant}', `tool:${mark}${tool}`, 'tool.invoke', 'own', 'allow');
    for (const tool of [...toolsOf(r, 2), ...toolsOf(r, 3)]) {
      put('p', role, '{tenant}', `tool:${mark}${tool}`, 'tool.invoke', '', 'allow');
      put('p', '*', '{tenant}', `tool:${mark}${tool}`, 'tool.invoke', 'huge', 'deny');
    }
    for (const tool of toolsOf(r, 3)) put('g2', `tool:${mark}${tool}`, `class:${mark}${r}`, '{tenant}');
    put('p', role, '{tenant}', `class:${mark}${r}`, 'tool.invoke', 'small', 'allow');
    put('p', role, '{tenant}', 'model:*', 'model.invoke', '', 'allow');
    put('p', role, '{tenant}', `data:${r}.*`, 'data.read', '', 'allow');
  }
  for (let i = 0; i < AGENTS; i++) {
    put('g', `agent:${mark}a${i}`, `role:${mark}${i % ROLES}`, '{tenant}');
    put('g', `user:${mark}u${i}`, `role:${mark}${i % ROLES}`, '{tenant}');
  }
  return {
    rules,
    conditions: {
      own: { eq: ['resource.owner', { path: 'initiator.id' }] },
      huge: { amount: { of: 'args./amount', at_least: '1000.01' } },
      small: { amount: { of: 'args./amount', at_most: 500 } },
    },
    attributes: { 'order.owner': { type: 'string' } },
  };
}

/** A request to be: who asks for what, by number. */
export interface Ask {
  readonly tenant: TenantId;
  readonly user: number;
  readonly agents: readonly number[];
  readonly tool: string;
  /** Stands in the names of the tenant's policy. */
  readonly mark?: string;
  /** The right answer. */
  readonly allowed: boolean;
}

/** Asks over all tenants, allowed but for one in eight, each with the number of candidates a stage meets. */
export function asks(tenants: readonly TenantId[], candidates: Candidates, hops: 0 | 1 | 2): Ask[] {
  const random = seeded(candidates * 7 + hops);
  return Array.from({ length: 4_096 }, () => {
    const tenant = tenants[random(tenants.length)]!;
    const role = random(ROLES);
    const member = (): number => random(AGENTS / ROLES) * ROLES + role;
    const allowed = random(8) !== 0;
    const tools = toolsOf(allowed ? role : (role + 1) % ROLES, candidates);
    const agents = Array.from({ length: hops }, member);
    return { tenant, user: member(), agents, tool: tools[random(tools.length)]!, allowed };
  });
}

/** The request itself, made when it is needed: whoever asks has just made it, so it lies in the processor's cache. */
export function requestOf({ tenant, user, agents, tool, mark = '' }: Ask): DecisionRequest {
  const id = `user:${mark}u${user}`;
  return {
    tenant,
    initiator: { tenant, kind: 'user', id, roles: [] },
    chain: agents.map((agent) => ({ agent: `${mark}a${agent}`, digest: 'sha256:agent' })),
    action: 'tool.invoke',
    object: { type: 'tool', id: `${mark}${tool}` },
    resource: { type: 'order', id: '#W1' },
    attributes: { 'order.owner': { value: id, source: 'orders', at: 0 } },
    args: { order_id: '#W1', amount: 120.5 },
    now: 1,
  };
}

/** A linear congruential generator: the requests need to be spread, not unpredictable. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}
