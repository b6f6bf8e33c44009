import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imported } from '../../../../test/policy/imported';
import { type CasbinSource, importCasbin } from './import-casbin';

interface Part {
  readonly columns?: string;
  readonly effect?: string;
  readonly matcher?: string;
  readonly request?: string;
  readonly groups?: string;
}

const BOTH = 'some(where (p.eft == allow)) && !some(where (p.eft == deny))';

const modelOf = ({
  columns = 'sub, obj, act, eft',
  effect = BOTH,
  matcher = 'g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act',
  request = 'sub, obj, act',
  groups = 'g = _, _',
}: Part): string =>
  `[request_definition]\nr = ${request}\n[policy_definition]\np = ${columns}\n[role_definition]\n${groups}\n` +
  `[policy_effect]\ne = ${effect}\n[matchers]\nm = ${matcher}\n`;

const carried = async (lines: readonly string[], part: Part = {}, more: Partial<CasbinSource> = {}) => {
  const found = await importCasbin({ model: modelOf(part), policy: lines.join('\n'), ...more });
  if (!found.ok) throw new Error(found.failure.message);
  return { ...found.value, ask: await imported(found.value.bundle) };
};

const refusal = async (source: CasbinSource) => {
  const found = await importCasbin(source);
  return found.ok ? null : `${found.failure.code}: ${found.failure.message}`;
};

describe('what has no exact counterpart', () => {
  it('grants less in an allowance and denies more in a denial, and is reported with its line', async () => {
    const { notes, ask } = await carried(
      [
        'p, ann, /a/[bc], read, allow',
        'p, ann, /a/**, write, allow',
        'p, ann, /a/[bc], write, deny',
        'p, ann, /x, read, allow',
      ],
      { matcher: 'r.sub == p.sub && globMatch(r.obj, p.obj) && r.act == p.act' },
    );
    expect(notes.map(({ line, kind }) => [line, kind])).toEqual([
      [1, 'left_out'],
      [2, 'left_out'],
      [3, 'stricter'],
    ]);
    expect(ask({ subject: 'ann', resource: '/a/b', action: 'read' })).toBe(false);
    expect(ask({ subject: 'ann', resource: '/a/z', action: 'write' })).toBe(false);
    expect(ask({ subject: 'ann', resource: '/x', action: 'read' })).toBe(true);
  });

  it('under a negation is turned round: an allowance still grants no more', async () => {
    const { notes, ask } = await carried(['p, ann, data, read, allow'], {
      matcher: 'r.sub == p.sub && !mine(r.obj) && r.act == p.act',
    });
    expect(notes).toEqual([expect.objectContaining({ kind: 'left_out', why: 'the function mine has no counterpart' })]);
    expect(ask({ subject: 'ann', resource: 'data', action: 'read' })).toBe(false);
  });

  it.each([
    ['(GET)|(POST)', ['GET', 'POST', 'TARGET'], ['DELETE']],
    ['^GET$', ['GET'], ['TARGET']],
    ['^PO?ST', ['PST', 'POST', 'POSTAL'], ['APOST']],
  ])('the regular expression %s is a list of words', async (expression, covered, others) => {
    const actions = [...covered, ...others];
    const part = { matcher: 'r.sub == p.sub && r.obj == p.obj && regexMatch(r.act, p.act)' };
    const { ask } = await carried([`p, ann, data, ${expression}, allow`], part, { actions });
    const allowed = actions.filter((action) => ask({ subject: 'ann', resource: 'data', action }));
    expect(allowed).toEqual(covered);
  });

  it('a regular expression that stands for more is left out, and never run', async () => {
    const { notes, ask } = await carried(['p, ann, (x+)+y, read, allow'], {
      matcher: 'r.sub == p.sub && regexMatch(r.obj, p.obj) && r.act == p.act',
    });
    expect(notes).toEqual([expect.objectContaining({ line: 1, kind: 'left_out' })]);
    expect(ask({ subject: 'ann', resource: `${'x'.repeat(40)}y`, action: 'read' })).toBe(false);
  });

  it('a role on the side is written out as its members of today, and that is said', async () => {
    const { notes, ask } = await carried(['p, ann, data, read, allow', 'p, bob, data, read, allow', 'g, ann, staff'], {
      matcher: 'r.sub == p.sub && !g(r.sub, "staff") && r.obj == p.obj && r.act == p.act',
    });
    expect(new Set(notes.map(({ kind }) => kind))).toEqual(new Set(['noted']));
    expect(ask({ subject: 'ann', resource: 'data', action: 'read' })).toBe(false);
    expect(ask({ subject: 'bob', resource: 'data', action: 'read' })).toBe(true);
  });

  it('lines that changed no answer in Casbin are said to have had no effect', async () => {
    const { notes } = await carried(['p, ann, data, read, Deny', 'p, ann, data, read, allow', 'p9, a, b']);
    expect(notes.map(({ line, kind }) => [line, kind])).toEqual([
      [3, 'no_effect'],
      [1, 'no_effect'],
    ]);
  });
});

describe('names', () => {
  it('that no rule can hold become conditions, and roles keep their meaning whatever they are called', async () => {
    const { notes, ask } = await carried([
      'p, Ann Lee, "a, b", read, allow',
      'p, head of sales, data*, read, allow',
      'g, Ann Lee, head of sales',
      'g, bob, head of sales',
    ]);
    expect(notes).toEqual([]);
    expect(ask({ subject: 'Ann Lee', resource: 'a, b', action: 'read' })).toBe(true);
    expect(ask({ subject: 'Ann Lee', resource: 'data*', action: 'read' })).toBe(true);
    expect(ask({ subject: 'bob', resource: 'data*', action: 'read' })).toBe(true);
    // To Casbin a star means nothing to `==`; it must not come to mean something here.
    expect(ask({ subject: 'bob', resource: 'data1', action: 'read' })).toBe(false);
  });

  it('a subject named like one of our roles or types is only a subject', async () => {
    const { ask } = await carried(['p, role:admin, data, read, allow', 'p, agent:x, data, read, allow']);
    expect(ask({ subject: 'role:admin', resource: 'data', action: 'read' })).toBe(true);
    expect(ask({ subject: 'admin', resource: 'data', action: 'read' })).toBe(false);
  });

  it('an action that is one of the product’s own is left out', async () => {
    const { notes, bundle } = await carried(['p, ann, data, run.start, allow', 'p, ann, data, read, allow']);
    expect(notes).toEqual([expect.objectContaining({ kind: 'left_out', text: 'run.start' })]);
    expect(bundle.vocabulary?.actions).toEqual(['read']);
  });
});

describe('attributes', () => {
  it('of subject and object are read as properties of the question', async () => {
    const { ask, bundle } = await carried(['p, read, 18'], {
      columns: 'act, age',
      matcher: 'r.sub.Age >= p.age && r.act == p.act && r.obj.Owner != r.sub',
      effect: 'some(where (p.eft == allow))',
    });
    expect(Object.keys(bundle.attributes).sort()).toEqual(['resource.Owner', 'user.Age']);
    expect(bundle.rules).toContain('casbin_');
    expect(ask({ subject: 'ann', resource: 'x', action: 'read' })).toBe(false);
  });
});

describe('the example in examples/casbin', () => {
  it('is carried over exactly', async () => {
    const read = (name: string): string => readFileSync(join(__dirname, '../../../../examples/casbin', name), 'utf8');
    const found = await importCasbin({ model: read('model.conf'), policy: read('policy.csv') });
    if (!found.ok) throw new Error(found.failure.message);
    expect(found.value.notes).toEqual([]);
    const ask = await imported(found.value.bundle);
    const may = (subject: string, action: string, resource: string): boolean => ask({ subject, action, resource });
    expect(may('ann', 'PUT', '/orders/1')).toBe(true);
    expect(may('ann', 'POST', '/orders/1/refund')).toBe(true);
    expect(may('bob', 'GET', '/orders/1')).toBe(true);
    expect(may('bob', 'POST', '/orders/1/refund')).toBe(false);
    expect(may('ann', 'GET', '/orders/1/lines')).toBe(false);
  });
});

describe('domains', () => {
  const model = modelOf({
    request: 'sub, dom, obj, act',
    columns: 'sub, dom, obj, act',
    groups: 'g = _, _, _',
    matcher: 'g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act',
  });
  const policy = 'p, admin, north, data, read\np, admin, south, data, write\ng, ann, admin, north\n';

  it('become tenants, one at a time', async () => {
    expect(await refusal({ model, policy })).toBe('casbin_domain: The policy speaks of the domains north, south.');
    const found = await importCasbin({ model, policy, domain: 'north', actions: ['read', 'write'] });
    if (!found.ok) throw new Error(found.failure.message);
    const ask = await imported(found.value.bundle);
    expect(ask({ subject: 'ann', resource: 'data', action: 'read' })).toBe(true);
    expect(ask({ subject: 'ann', resource: 'data', action: 'write' })).toBe(false);
  });
});

describe('a model or policy that cannot be carried over at all', () => {
  const good = modelOf({});
  it.each<[string, CasbinSource, string]>([
    [
      'an effect of another kind',
      { model: modelOf({ effect: 'subjectPriority(p.eft) || deny' }), policy: '' },
      'casbin_unsupported',
    ],
    ['arithmetic', { model: modelOf({ matcher: 'r.sub == p.sub + "x"' }), policy: '' }, 'casbin_unsupported'],
    ['a name nobody defines', { model: modelOf({ matcher: 'r.sub == p.owner' }), policy: '' }, 'casbin_model'],
    ['no matcher', { model: '[request_definition]\nr = sub, obj, act\n', policy: '' }, 'casbin_model'],
    ['text outside any section', { model: `x = y\n${good}`, policy: '' }, 'casbin_model'],
    ['a line of too few columns', { model: good, policy: 'p, ann, data\n' }, 'casbin_policy'],
    ['a link of too many', { model: good, policy: 'g, a, b, c\n' }, 'casbin_policy'],
    ['a domain the model lacks', { model: good, policy: '', domain: 'd' }, 'casbin_domain'],
    ['a type that is one of ours', { model: good, policy: '', resourceType: 'tool' }, 'casbin_unsupported'],
    [
      'brackets without end',
      { model: modelOf({ matcher: `${'('.repeat(5_000)}r.sub == p.sub` }), policy: '' },
      'casbin_unsupported',
    ],
    [
      'alternatives without end',
      {
        model: modelOf({ matcher: Array(12).fill('(r.sub == "a" || r.obj == "b")').join(' && ') }),
        policy: 'p, a, b, c, allow',
      },
      'casbin_unsupported',
    ],
  ])('%s is refused', async (_, source, code) => {
    expect(await refusal(source)).toMatch(new RegExp(`^${code}: `));
  });

  it.each([
    ['a circle of roles', ['g, a, b', 'g, b, a']],
    ['a chain of more roles than Casbin follows', Array.from({ length: 11 }, (_, i) => `g, r${i}, r${i + 1}`)],
  ])('%s is refused by name: beyond it Casbin denies, and we would not', async (_, links) => {
    const policy = ['p, a, d, read, allow', ...links].join('\n');
    expect(await refusal({ model: good, policy })).toMatch(
      /^casbin_unsupported: Links of g lead to (a|b|r11) in a circle/,
    );
  });

  it('a chain as long as Casbin follows is followed', async () => {
    const links = Array.from({ length: 10 }, (_, i) => `g, r${i}, r${i + 1}`);
    const { ask } = await carried(['p, r10, d, read, allow', ...links]);
    expect(ask({ subject: 'r0', resource: 'd', action: 'read' })).toBe(true);
  });
});
