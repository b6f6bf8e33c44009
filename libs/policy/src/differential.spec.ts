import { EnforceContext, type Enforcer, newEnforcer, newModel } from 'casbin';
import fc from 'fast-check';
import { combine } from '@writ/rules';
import { snapshotOf, tenant } from '../../../test/policy/parts';
import { seeded } from '../../../test/support/seeded';
import { matcher, publicMatcher } from './casbin';
import { hear } from './hearing';
import { modelText } from './model-file';
import type { Snapshot } from './snapshot';

/** Stock Casbin over whole random policies is the oracle: same model file, its own loops, roles and effects. */
const REQUESTS = process.env['WRIT_SOAK'] === '1' ? 100_000 : 5_000;
const PER_MODEL = 40;

const users = ['user:a', 'user:ab', 'user:b', 'user:c', 'agent:a', 'agent:b'];
const roles = ['role:r', 'role:s', 'role:t', 'role:u'];
const objects = ['tool:x', 'tool:xy', 'tool:z', 'model:m', 'agent:a', 'agent:b'];
const actions = ['tool.invoke', 'tool.change', 'model.invoke', 'handoff', 'run.start'];
const purposes = ['billing', 'bill', 'returns', '*'];

const condition = fc.constantFrom('', '', '', 'yes', 'no');
const effect = fc.constantFrom('allow', 'allow', 'allow', 'deny');
const actionRule = fc.record({
  sub: fc.constantFrom(...users, ...roles, 'user:*', 'user:a*', 'agent:*', '*'),
  obj: fc.constantFrom(...objects, 'class:c', 'class:d', 'tool:x*', 'tool:*', 'agent:*', '*'),
  act: fc.constantFrom(...actions, 'tool.*', '*'),
  cond: condition,
  eft: effect,
});
const handoffRule = fc.record({
  src: fc.constantFrom('agent:a', 'agent:b', 'role:r', 'role:s', '*'),
  dst: fc.constantFrom('agent:a', 'agent:b', 'role:t', '*'),
  purpose: fc.constantFrom('*', 'billing', 'bill*', 'returns'),
  mode: fc.constantFrom('attenuate', 'service'),
  cond: condition,
  eft: effect,
});
// Links run upwards in one fixed order of names, so that no circle arises; the hierarchy has up to five levels.
const ordered = [...users, ...roles];
const roleLink = fc
  .tuple(fc.nat(ordered.length - 1), fc.nat(roles.length - 1))
  .filter(([member, role]) => member < users.length + role)
  .map(([member, role]) => [ordered[member]!, roles[role]!] as const);
const classLink = fc.constantFrom(
  ['tool:x', 'class:c'] as const,
  ['class:c', 'class:d'] as const,
  ['tool:z', 'class:d'] as const,
  ['model:m', 'class:c'] as const,
);

const models = fc.record({
  rules: fc.array(actionRule, { minLength: 1, maxLength: 25 }),
  handoffs: fc.array(handoffRule, { maxLength: 10 }),
  roles: fc.array(roleLink, { maxLength: 12 }),
  classes: fc.array(classLink, { maxLength: 4 }),
  requests: fc.array(
    fc.record({
      sub: fc.constantFrom(...users, 'role:r', 'user:unknown'),
      obj: fc.constantFrom(...objects),
      act: fc.constantFrom(...actions),
      src: fc.constantFrom('agent:a', 'agent:b', 'agent:c'),
      dst: fc.constantFrom('agent:a', 'agent:b', 'agent:c'),
      purpose: fc.constantFrom(...purposes),
    }),
    { minLength: PER_MODEL, maxLength: PER_MODEL },
  ),
});
type Model = typeof models extends fc.Arbitrary<infer M> ? M : never;

async function stock(model: Model): Promise<Enforcer> {
  const enforcer = await newEnforcer(newModel(modelText()));
  await enforcer.addFunction('cond', (_ctx: unknown, id: string) => id !== 'no');
  const unique = (rows: string[][]): string[][] => [...new Map(rows.map((row) => [row.join(), row])).values()];
  const held = enforcer.getModel();
  const put = (section: string, key: string, rows: string[][]): void => {
    if (rows.length > 0) held.addPolicies(section, key, unique(rows));
  };
  put(
    'p',
    'p',
    model.rules.map((r, i) => [r.sub, tenant, r.obj, r.act, r.cond, r.eft, '', `r${i}`]),
  );
  put(
    'p',
    'p2',
    model.handoffs.map((r, i) => [r.src, r.dst, tenant, r.purpose, r.mode, r.cond, r.eft, '', `h${i}`]),
  );
  put(
    'g',
    'g',
    model.roles.map(([member, role]) => [member, role, tenant]),
  );
  put(
    'g',
    'g2',
    model.classes.map(([object, group]) => [object, group, tenant]),
  );
  await enforcer.buildRoleLinks();
  return enforcer;
}

async function ours(model: Model): Promise<Snapshot> {
  const t = '{tenant}';
  const rules = [
    ...model.rules.map((r) => ['p', r.sub, t, r.obj, r.act, r.cond, r.eft].join(',')),
    ...model.handoffs.map((r) => ['p2', r.src, r.dst, t, r.purpose, r.mode, r.cond, r.eft].join(',')),
    ...model.roles.map(([member, role]) => ['g', member, role, t].join(',')),
    ...model.classes.map(([object, group]) => ['g2', object, group, t].join(',')),
  ];
  const conditions = { yes: { eq: ['args./n', 1] }, no: { eq: ['args./n', 2] } };
  return snapshotOf(JSON.stringify({ rules, conditions }));
}

const facts = {
  initiator: { id: 'user:a', kind: 'user', roles: [] },
  agent: null,
  object: { type: 'tool', id: 'x' },
  resource: null,
  attributes: {},
  args: { n: 1 },
  handoff: null,
  now: 0,
};

const random = seeded('decisions beside stock Casbin');
const runs = () => ({ numRuns: Math.ceil(REQUESTS / PER_MODEL), seed: Math.floor(random() * 2 ** 31) });

describe('index, matcher and combiner together', () => {
  it('answer as stock Casbin does over the whole policy, with wildcards, hierarchies and denials', async () => {
    const seen = { action: 0, allowed: 0 };
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        const [enforcer, snapshot] = await Promise.all([stock(model), ours(model)]);
        for (const { sub, obj, act } of model.requests) {
          const expected = enforcer.enforceSync(sub, tenant, obj, act, {});
          const candidates = snapshot.actions.candidates(snapshot.actions.places(act, obj), [sub]);
          const heard = hear(candidates, { tenant, snapshot, facts, request: (via) => [via, tenant, obj, act] });
          expect({ sub, obj, act, allowed: heard.combined === 'allow' }).toEqual({ sub, obj, act, allowed: expected });
          seen.action += 1;
          seen.allowed += expected ? 1 : 0;
        }
      }),
      runs(),
    );
    // A property over answers that are all the same would prove little.
    expect(seen.allowed).toBeGreaterThan(seen.action / 20);
    expect(seen.allowed).toBeLessThan(seen.action * 0.95);
  }, 600_000);

  it('answer as stock Casbin does for handoffs', async () => {
    const context = new EnforceContext('r2', 'p2', 'e2', 'm2');
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        const [enforcer, snapshot] = await Promise.all([stock(model), ours(model)]);
        for (const { src, dst, purpose } of model.requests) {
          // With no p2 rule at all stock Casbin evaluates the matcher over blank fields; ours has nobody to hear.
          const expected = model.handoffs.length > 0 && enforcer.enforceSync(context, src, dst, tenant, purpose, {});
          const candidates = snapshot.handoffs.candidates(src, dst, purpose);
          const heard = hear(candidates, { tenant, snapshot, facts, request: (via) => [via, dst, tenant, purpose] });
          expect({ src, dst, purpose, allowed: heard.combined === 'allow' }).toEqual({
            src,
            dst,
            purpose,
            allowed: expected,
          });
          allowed += expected ? 1 : 0;
        }
      }),
      runs(),
    );
    expect(allowed).toBeGreaterThan(0);
  }, 600_000);
});

describe('the compiled matcher', () => {
  it('is the one in use with this Casbin', () => {
    // The public one is five times slower: a dependency that moved would show here first.
    expect([matcher().name, publicMatcher().name]).toEqual(['compiled', 'evaluated']);
  });

  it('answers rule by rule as the public one does, for rules the index would and would not offer', async () => {
    const fast = matcher();
    const plain = publicMatcher();
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        const snapshot = await ours(model);
        for (const { sub, obj, act } of model.requests.slice(0, 10)) {
          for (const rule of model.rules) {
            const question = {
              request: [sub, tenant, obj, act] as const,
              rule: {
                section: 'p' as const,
                rid: 'rid',
                subject: rule.sub,
                object: rule.obj,
                action: rule.act,
                condition: rule.cond === '' ? null : rule.cond,
                effect: rule.eft as 'allow' | 'deny',
                obligations: [],
              },
              tenant,
              roles: snapshot.roles,
              classes: snapshot.classes,
              holds: (id: string) => id !== 'no',
            };
            const answers = [fast(question), plain(question)];
            expect(answers).toEqual([answers[0], answers[0]]);
            // A denial alone is asked as an allowance: whether a rule covers a request is not what it then says.
            const covers = answers[0] === true;
            expect(combine(covers && rule.eft === 'allow', covers && rule.eft === 'deny')).toBe(
              !covers ? 'silent' : rule.eft === 'deny' ? 'deny' : 'allow',
            );
          }
        }
      }),
      { ...runs(), numRuns: 40 },
    );
  });
});
