/** One policy for all peers: RBAC with tenants; 200 rules, 10 roles and 50 agents a tenant. */
export interface World {
  /** [role, tenant, tool, action] */
  readonly rules: readonly Rule[];
  /** [agent, role, tenant] */
  readonly members: readonly (readonly [agent: string, role: string, tenant: string])[];
  readonly tenants: readonly string[];
  readonly requests: readonly Request[];
}
export type Rule = readonly [role: string, tenant: string, tool: string, action: string];
export interface Request {
  readonly agent: string;
  readonly tenant: string;
  readonly tool: string;
  readonly action: string;
  /** The agent's one role in that tenant, for peers that take it from the caller. */
  readonly role: string;
  /** The right answer, by exact lookup. */
  readonly allowed: boolean;
}

const ROLES = 10;
const RULES_A_ROLE = 20;
const AGENTS = 50;
export const REQUESTS = 4096;

const actionOf = (index: number): string => (index % 2 === 1 ? 'invoke' : 'read');

/** `rules` rules over as many tenants as they need; the requests are the same at every call (a fixed seed). */
export function makeWorld(rules: number): World {
  const tenants = Array.from({ length: Math.ceil(rules / (ROLES * RULES_A_ROLE)) }, (_, i) => `tenant-${i}`);
  const all: Rule[] = [];
  const members: [string, string, string][] = [];
  for (const tenant of tenants) {
    for (let role = 0; role < ROLES; role++) {
      for (let i = 0; i < RULES_A_ROLE && all.length < rules; i++) {
        all.push([`role:${role}`, tenant, `tool:${role}-${i}`, actionOf(i)]);
      }
    }
    for (let agent = 0; agent < AGENTS; agent++) members.push([`agent-${agent}`, `role:${agent % ROLES}`, tenant]);
  }
  return { rules: all, members, tenants, requests: makeRequests(all, tenants) };
}

function makeRequests(rules: readonly Rule[], tenants: readonly string[]): Request[] {
  const known = new Set(rules.map((rule) => rule.join('|')));
  const random = seeded(20_261);
  return Array.from({ length: REQUESTS }, () => {
    const tenant = tenants[random(tenants.length)]!;
    const agent = random(AGENTS);
    const role = `role:${agent % ROLES}`;
    // Seven in ten ask for a tool of their own role, two in ten for an action that no rule gives.
    const owner = random(10) < 7 ? agent % ROLES : random(ROLES);
    const index = random(RULES_A_ROLE);
    const tool = `tool:${owner}-${index}`;
    const action = random(10) < 8 ? actionOf(index) : 'delete';
    return {
      agent: `agent-${agent}`,
      tenant,
      tool,
      action,
      role,
      allowed: known.has([role, tenant, tool, action].join('|')),
    };
  });
}

/** A linear congruential generator: the requests need to be spread, not unpredictable. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}
