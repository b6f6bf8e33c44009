import { type Enforcer, newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import fc from 'fast-check';
import { imported } from '../../../../test/policy/imported';
import { seeded } from '../../../../test/support/seeded';
import { importCasbin } from './import-casbin';

const SOAK = process.env['WRIT_SOAK'] === '1';
const REQUESTS = SOAK ? 100_000 : 5_000;
const PER_MODEL = 40;

const subjects = ['alice', 'bob', 'root', 'staff', 'admin', 'Ann Lee', 'a*'];
const objects = ['/data/1', '/data/1/x', '/data/', 'data2', 'docs', 'all docs', '/data/*'];
const actions = ['read', 'write', 'delete'];

const matchers = fc
  .tuple(
    fc.constantFrom('r.sub == p.sub', 'g(r.sub, p.sub)', 'g(r.sub, p.sub)', 'keyMatch(r.sub, p.sub)'),
    fc.constantFrom('r.obj == p.obj', 'g2(r.obj, p.obj)', 'keyMatch(r.obj, p.obj)', 'keyMatch2(r.obj, p.obj)'),
    fc.constantFrom(
      'r.act == p.act',
      '(r.act == p.act || p.act == "*")',
      'regexMatch(r.act, p.act)',
      'r.act in (p.act)',
    ),
    fc.constantFrom(
      '',
      ' || r.sub == "root"',
      ' && r.sub != "bob"',
      ' && !(r.obj == "data2" && r.act == "write")',
      ' && r.sub != r.obj',
    ),
  )
  .map(([sub, obj, act, extra]) => `${sub} && ${obj} && ${act}${extra}`);

const effects = fc.constantFrom(
  'some(where (p.eft == allow))',
  '!some(where (p.eft == deny))',
  'some(where (p.eft == allow)) && !some(where (p.eft == deny))',
  'priority(p.eft) || deny',
);

const line = fc.record({
  priority: fc.nat(3),
  sub: fc.constantFrom(...subjects),
  obj: fc.constantFrom(...objects, '/data/:id', '/data/:id/x'),
  act: fc.constantFrom(...actions, 'read', '(read)|(write)', '*', '^wr'),
  eft: fc.constantFrom('allow', 'allow', 'deny', 'neither'),
});
const model = fc.record({
  matcher: matchers,
  effect: effects,
  priority: fc.boolean(),
  lines: fc.array(line, { minLength: 1, maxLength: 12 }),
  roles: fc.array(fc.constantFrom('alice, staff', 'bob, staff', 'staff, admin', 'Ann Lee, admin', 'root, admin'), {
    maxLength: 4,
  }),
  classes: fc.array(fc.constantFrom('/data/1, docs', 'data2, docs', 'docs, all docs', '/data/*, docs'), {
    maxLength: 3,
  }),
  requests: fc.array(
    fc.tuple(
      fc.constantFrom(...subjects, 'eve'),
      fc.constantFrom(...objects, '/data/2/x'),
      fc.constantFrom(...actions),
    ),
    { minLength: PER_MODEL, maxLength: PER_MODEL },
  ),
});
type Model = typeof model extends fc.Arbitrary<infer M> ? M : never;

function textsOf({ matcher, effect, priority, lines, roles, classes }: Model): {
  readonly model: string;
  readonly policy: string;
} {
  const columns = `${priority ? 'priority, ' : ''}sub, obj, act, eft`;
  const text = [
    '[request_definition]',
    'r = sub, obj, act',
    '[policy_definition]',
    `p = ${columns}`,
    '[role_definition]',
    'g = _, _',
    'g2 = _, _',
    '[policy_effect]',
    `e = ${effect}`,
    '[matchers]',
    `m = ${matcher}`,
  ].join('\n');
  const rows = [
    ...lines.map((one) => ['p', ...(priority ? [one.priority] : []), one.sub, one.obj, one.act, one.eft].join(', ')),
    ...new Set([...roles.map((link) => `g, ${link}`), ...classes.map((link) => `g2, ${link}`)]),
  ];
  return { model: text, policy: rows.join('\n') };
}

function stockly(enforcer: Enforcer, request: readonly string[]): boolean | null {
  try {
    return enforcer.enforceSync(...request);
  } catch {
    // `*` is no regular expression: stock Casbin throws where it meets one.
    return null;
  }
}

describe('an imported policy', () => {
  it(`answers as stock Casbin does, and never allows what Casbin denies, over ${REQUESTS} requests`, async () => {
    const random = seeded('imported policies beside stock Casbin');
    const seen = { requests: 0, allowed: 0, exact: 0 };
    await fc.assert(
      fc.asyncProperty(model, async (one) => {
        const texts = textsOf(one);
        const enforcer = await newEnforcer(newModelFromString(texts.model), new StringAdapter(texts.policy));
        const found = await importCasbin({ ...texts, actions });
        if (!found.ok) throw new Error(found.failure.message);
        const ask = await imported(found.value.bundle);
        const exact = found.value.notes.every(({ kind }) => kind === 'noted' || kind === 'no_effect');
        for (const request of one.requests) {
          const stock = stockly(enforcer, request);
          if (stock === null) continue;
          const [subject, resource, action] = request;
          const own = ask({ subject, resource, action });
          seen.requests += 1;
          seen.allowed += own ? 1 : 0;
          seen.exact += exact ? 1 : 0;
          if (exact || own) expect({ request, allowed: own }).toEqual({ request, allowed: stock });
        }
      }),
      { numRuns: Math.ceil(REQUESTS / PER_MODEL), seed: Math.floor(random() * 2 ** 31) },
    );
    // A property over answers that are all the same would prove little.
    expect(seen.allowed).toBeGreaterThan(seen.requests / 20);
    expect(seen.exact).toBeGreaterThan(seen.requests / 4);
  }, 600_000);
});
