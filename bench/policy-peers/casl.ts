import { peer } from '../peer';
import { serveDecider } from './decider';

interface Ability {
  can(action: string, subject: string): boolean;
}
interface Casl {
  createMongoAbility(rules: readonly { action: string; subject: string }[]): Ability;
}

/** CASL: one ability prebuilt for each role of each tenant; the caller knows the role. */
serveDecider((world) => {
  const { createMongoAbility } = peer<Casl>('@casl/ability');
  const abilities = new Map<string, Ability>();
  for (const [key, rules] of Map.groupBy(world.rules, ([role, tenant]) => `${tenant}/${role}`)) {
    abilities.set(key, createMongoAbility(rules.map(([, , subject, action]) => ({ action, subject }))));
  }
  return Promise.resolve(
    ({ tenant, role, tool, action }) => abilities.get(`${tenant}/${role}`)?.can(action, tool) ?? false,
  );
});
