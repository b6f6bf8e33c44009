import { peer } from '../peer';
import { serveDecider } from './decider';

interface Model {
  addPolicies(section: string, kind: string, rules: readonly (readonly string[])[]): void;
}
interface Enforcer {
  buildRoleLinks(): Promise<void>;
  enforceSync(...request: string[]): boolean;
}
interface Casbin {
  newModel(text: string): Model;
  newEnforcer(model: Model): Promise<Enforcer>;
}

const MODEL = `
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.dom == p.dom && r.obj == p.obj && r.act == p.act && g(r.sub, p.sub, r.dom)
`;

/** Stock casbin as a multi-tenant product would use it: one enforcer a tenant, cheap comparisons first. */
serveDecider(async (world) => {
  const { newEnforcer, newModel } = peer<Casbin>('casbin');
  const rules = Map.groupBy(world.rules, (rule) => rule[1]);
  const members = Map.groupBy(world.members, (member) => member[2]);
  const enforcers = new Map<string, Enforcer>();
  for (const tenant of world.tenants) {
    const model = newModel(MODEL);
    const enforcer = await newEnforcer(model);
    model.addPolicies('p', 'p', rules.get(tenant) ?? []);
    model.addPolicies('g', 'g', members.get(tenant) ?? []);
    await enforcer.buildRoleLinks();
    enforcers.set(tenant, enforcer);
  }
  return ({ agent, tenant, tool, action }) => enforcers.get(tenant)!.enforceSync(agent, tenant, tool, action);
});
