import { newId } from '@writ/kernel';
import { percentile } from '../numbers';
import { peer } from '../peer';
import type { Latency } from './ours';
import { asks, tenantBundle } from './world';

interface Model {
  addPolicies(section: string, kind: string, rules: readonly (readonly string[])[]): void;
}
interface Enforcer {
  getModel(): Model & { model: Map<string, Map<string, { policy: (readonly string[])[] }>> };
  buildRoleLinks(): Promise<void>;
  addFunction(name: string, call: (...args: readonly unknown[]) => boolean): Promise<void>;
  enforceSync(...request: readonly string[]): boolean;
}
interface Casbin {
  newModel(text: string): Model;
  newEnforcer(model: Model): Promise<Enforcer>;
}

const MODEL = `
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act, eft
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.dom == p.dom && r.act == p.act && r.obj == p.obj && g(r.sub, p.sub, r.dom)
`;

/**
 * Stock Casbin over the same tenants' plain rules (no classes, no conditions: less work than ours does), all tenants in
 * one enforcer, cheap comparisons first. One stage: the initiator's.
 */
export async function timeStock(rules: number, ms: number): Promise<Latency> {
  const { newEnforcer, newModel } = peer<Casbin>('casbin');
  const tenants = Array.from({ length: Math.ceil(rules / 200) }, () => newId('tenant'));
  const lines = (tenantBundle() as { rules: string[] }).rules.map((line) => line.split(', '));
  const enforcer = await newEnforcer(newModel(MODEL));
  const sections = enforcer.getModel().model;
  // Written to the model at once: adding rule by rule, or in bulk with its duplicate check, is quadratic.
  sections.get('p')!.get('p')!.policy = tenants.flatMap((tenant) =>
    lines
      .filter(([section]) => section === 'p')
      .map(([, sub, , obj, act, cond, eft]) => [sub!, tenant, obj!, act!, cond === 'huge' ? 'none' : eft!]),
  );
  sections.get('g')!.get('g')!.policy = tenants.flatMap((tenant) =>
    lines.filter(([section]) => section === 'g').map(([, member, role]) => [member!, role!, tenant]),
  );
  await enforcer.buildRoleLinks();
  const asked = asks(tenants, 1, 0);
  const samples: number[] = [];
  const began = performance.now();
  for (let i = 0, now = began; now - began < ms; i++) {
    const { tenant, user, tool, allowed } = asked[i % asked.length]!;
    const before = performance.now();
    const answer = enforcer.enforceSync(`user:u${user}`, tenant, `tool:${tool}`, 'tool.invoke');
    now = performance.now();
    if (answer !== allowed) throw new Error(`a wrong answer to user ${user} for ${tool}`);
    samples.push((now - before) * 1000);
  }
  const perSecond = (samples.length / (performance.now() - began)) * 1000;
  return { p50Us: percentile(samples, 50), p99Us: percentile(samples, 99), perSecond };
}
