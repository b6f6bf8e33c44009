import { authorityOf, NOW, stopOf, tenant } from '../../../../test/policy/parts';
import { mergeBundles, validateBundle } from '../bundle';
import { decide } from '../decide';
import { buildSnapshot } from '../snapshot';
import type { Action, DecisionRequest } from '../types';
import { type Question, requestOf } from './question';

const RECORDS = {
  rules: [
    'p, user:*, {tenant}, record:*, view, same_department, allow',
    'p, role:keeper, {tenant}, record:*, edit, owner, allow, , own-edit',
    'p, agent:clerk, {tenant}, record:*, edit, , allow',
    'p, user:*, {tenant}, record:*, docs.drop, soft, allow',
    'p, user:*, {tenant}, record:*, *, sealed, deny, , sealed',
    'p, role:everything, {tenant}, *, *, , allow',
    'p, user:*, {tenant}, route:*, GET, users_route, allow',
    'g, user:ann, role:keeper, {tenant}',
    'g, user:root, role:everything, {tenant}',
  ],
  conditions: {
    same_department: { eq: ['subject.department', { path: 'resource.department' }] },
    owner: { eq: ['resource.ownerID', { path: 'subject.id' }] },
    soft: { eq: ['action./soft', true] },
    sealed: { all: [{ exists: 'context./sealed' }, { eq: ['context./sealed', true] }] },
    users_route: { in: ['resource.id', ['/users/{userId}', '/todos']] },
  },
  attributes: {
    'user.department': { type: 'string' },
    'record.department': { type: 'string' },
    'record.ownerID': { type: 'string' },
  },
  vocabulary: { actions: ['view', 'edit', 'docs.drop', 'GET'], types: ['record', 'route', 'user'] },
};

const ask = (part: Partial<Question>): DecisionRequest =>
  requestOf({
    tenant,
    subject: { type: 'user', id: 'ann', properties: { department: 'Legal' } },
    action: { name: 'view' },
    resource: { type: 'record', id: '101', properties: { department: 'Legal', ownerID: 'ann' } },
    now: NOW,
    ...part,
  });

const verdict = async (part: Partial<Question>, stops: Parameters<typeof stopOf>[0][] = []) => {
  const authority = await authorityOf(JSON.stringify(RECORDS));
  return decide({ ...authority, stops: stops.map((one) => stopOf(one)) }, ask(part));
};

const failureOf = async (change: object): Promise<string> => {
  const bundle = validateBundle({ ...RECORDS, ...change });
  if (!bundle.ok) return bundle.failure.message;
  const built = await buildSnapshot(bundle.value);
  return built.ok ? 'built' : `${built.failure.code}: ${built.failure.message}`;
};

describe('a question of an application outside', () => {
  it('is decided by rules in its own words, over what it and the directory say', async () => {
    const legal = { type: 'record', id: '101', properties: { department: 'Legal', ownerID: 'bob' } };
    expect(await verdict({})).toMatchObject({ verdict: 'allow', reason: 'allowed', stage: 'initiator' });
    expect(await verdict({ subject: { type: 'user', id: 'ann', properties: { department: 'Sales' } } })).toMatchObject({
      verdict: 'deny',
      reason: 'initiator_not_granted',
    });
    expect(await verdict({ action: { name: 'edit' } })).toMatchObject({ verdict: 'allow' });
    expect(await verdict({ action: { name: 'edit' }, resource: legal })).toMatchObject({
      verdict: 'deny',
      nearMisses: [
        { rid: 'own-edit', missing: 'resource.ownerID equals subject.id: got bob for record 101' },
        { missing: 'needs role everything' },
      ],
    });
    expect(await verdict({ action: { name: 'docs.drop', properties: { soft: true } } })).toMatchObject({
      verdict: 'allow',
    });
    expect(await verdict({ action: { name: 'docs.drop', properties: { soft: false } } })).toMatchObject({
      verdict: 'deny',
    });
    expect(await verdict({ context: { sealed: true } })).toMatchObject({ reason: 'forbidden_by_rule' });
    for (const [id, expected] of [
      ['/users/{userId}', 'allow'],
      ['/users', 'deny'],
    ] as const) {
      const route = { action: { name: 'GET' }, resource: { type: 'route', id } };
      expect((await verdict(route)).verdict).toBe(expected);
    }
  });

  it('takes a missing property for absent: an allow rule does not match, and a name of a prototype is no property', async () => {
    expect(await verdict({ subject: { type: 'user', id: 'ann' } })).toMatchObject({ reason: 'initiator_not_granted' });
    const odd = { type: 'record', id: '1', properties: { department: ['Legal'] } };
    expect(await verdict({ resource: odd })).toMatchObject({ reason: 'initiator_not_granted' });
  });

  it('is denied with a reason where a word is not of the vocabulary, even to whom a rule gives everything', async () => {
    const root = { subject: { type: 'user', id: 'root' } };
    expect(await verdict(root)).toMatchObject({ verdict: 'allow' });
    const refused: readonly [Partial<Question>, string][] = [
      [{ ...root, action: { name: 'burn' } }, 'the vocabulary has no action burn'],
      [{ ...root, action: { name: 'policy.change' } }, 'the vocabulary has no action policy.change'],
      [{ ...root, action: { name: 'handoff' } }, 'the vocabulary has no action handoff'],
      [{ ...root, resource: { type: 'policy', id: 'active' } }, 'the vocabulary has no type policy'],
      [{ ...root, resource: { type: 'record', id: '' } }, 'a subject and a resource have an id'],
      [{ subject: { type: 'martian', id: 'root' } }, 'the vocabulary has no type martian'],
      [{ subject: { type: 'user:', id: 'root' } }, 'the vocabulary has no type user:'],
      [{ subject: { type: 'role', id: 'everything' } }, 'the initiator has no principal id'],
      [{ subject: { type: 'class', id: 'x' } }, 'the initiator has no principal id'],
    ];
    for (const [part, missing] of refused) {
      expect(await verdict(part)).toMatchObject({
        verdict: 'deny',
        reason: 'evaluation_error',
        nearMisses: [{ missing }],
      });
    }
  });

  it('cannot be asked by an ordinary request that borrows the words', async () => {
    const authority = await authorityOf(JSON.stringify(RECORDS));
    const { outside: _, ...forged } = ask({ subject: { type: 'user', id: 'root' } });
    expect(decide(authority, forged)).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
    const other = ask({ subject: { type: 'user', id: 'root' } });
    const swapped = { ...other, initiator: { ...other.initiator, id: 'user:ann' } };
    expect(decide(authority, swapped)).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
    const own = { ...other, action: 'policy.change' as Action };
    expect(decide(authority, own)).toMatchObject({ verdict: 'deny', reason: 'evaluation_error' });
  });

  it('asks about the agents that act for the subject too, and stops cover these only', async () => {
    const chain = [{ agent: 'clerk', digest: '' }];
    const edit = { action: { name: 'edit' } };
    expect(await verdict({ ...edit, chain })).toMatchObject({ verdict: 'allow' });
    expect(await verdict({ chain })).toMatchObject({ verdict: 'deny', reason: 'agent_not_granted' });
    const stop = { scope: 'agent', target: 'clerk' } as const;
    expect(await verdict({ ...edit, chain }, [stop])).toMatchObject({ verdict: 'deny', reason: 'stopped' });
    expect(await verdict(edit, [stop, { scope: 'tenant', target: '' }])).toMatchObject({ verdict: 'allow' });
  });
});

describe('a vocabulary', () => {
  it('never holds a word of the product, nor one that a rule about the product would cover', async () => {
    const actions = (...words: string[]) => ({ vocabulary: { actions: words, types: ['record', 'route'] } });
    const types = (...words: string[]) => ({ vocabulary: { actions: ['view'], types: words } });
    for (const change of [
      actions('run.start'),
      actions('run.shout'),
      actions('policy.frob'),
      actions('handoff'),
      actions('*'),
      actions('a,b'),
      actions('a b'),
      actions(''),
      types('tool'),
      types('role'),
      types('class'),
      types('a:b'),
      types('*'),
      { vocabulary: { actions: [], types: [], more: [] } },
    ]) {
      expect(await failureOf(change)).toContain('The bundle is not valid at /vocabulary');
    }
  });

  it('is what rules and conditions may speak of, and nothing else is', async () => {
    expect(await failureOf({})).toBe('built');
    expect(await failureOf({ vocabulary: { actions: ['view'], types: ['record', 'route'] } })).toContain(
      'unknown_action',
    );
    const words = { ...RECORDS.vocabulary, types: ['record'] };
    expect(await failureOf({ vocabulary: words })).toContain('unknown_object_type');
    expect(await failureOf({ conditions: { ...RECORDS.conditions, owner: { exists: 'subject.rank' } } })).toContain(
      'unknown_attribute',
    );
    expect(
      await failureOf({ conditions: { ...RECORDS.conditions, owner: { eq: ['subject.id', 'context./x'] } } }),
    ).toContain('may be a path or a text');
  });

  it('changes neither text nor digest of a bundle that has none, whose conditions keep its roots as plain texts', async () => {
    const plain = {
      rules: 'p, role:r, {tenant}, tool:x, tool.invoke, c, allow',
      conditions: { c: { eq: ['args./a', 'subject.id'] } },
    };
    const bundle = validateBundle(plain);
    const built = bundle.ok && (await buildSnapshot(bundle.value));
    expect(built && built.ok && built.value.body).not.toContain('vocabulary');
    expect(built && built.ok && built.value.vocabulary).toBeNull();
    const read = { ...plain, conditions: { c: { exists: 'subject.id' } } };
    expect(await failureOf({ ...read, vocabulary: undefined, attributes: {} })).toContain('/vocabulary');
    const without = validateBundle(read);
    const refused = without.ok && (await buildSnapshot(without.value));
    expect(refused && !refused.ok && refused.failure.code).toBe('unknown_path');
  });

  it('of several bundles is all of theirs, each word once, in order', () => {
    const of = (actions: string[], types: string[]) => {
      const parsed = validateBundle({ vocabulary: { actions, types } });
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return parsed.value;
    };
    const none = validateBundle({});
    const merged = mergeBundles(of(['b', 'a'], ['x']), of(['c', 'a'], ['y']), ...(none.ok ? [none.value] : []));
    expect(merged.ok && merged.value.vocabulary).toEqual({ actions: ['b', 'a', 'c'], types: ['x', 'y'] });
  });
});
