import { attributes, authorityOf, SHOP, tenant, toolCall } from '../../../../test/policy/parts';
import { decide } from '../decide';
import type { Known } from './approvers';
import { permissionsOf, whoCan } from './who-can';

const own = attributes({ 'order.owner': 'user:ann' });
const another = attributes({ 'order.owner': 'user:bob' });
const refund = { object: { type: 'tool', id: 'refund' } } as const;

describe('who can', () => {
  const known: readonly Known[] = [
    { id: 'user:ann', kind: 'user', roles: ['customer'] },
    { id: 'user:dot', kind: 'user', roles: ['clerk'] },
    { id: 'user:nobody', kind: 'user', roles: [] },
  ];
  const act = { action: 'tool.invoke', object: { type: 'tool', id: 'get_order' }, now: toolCall().now } as const;
  const found = async (part: object) =>
    whoCan(await authorityOf(SHOP), { ...act, ...part }, { known }).map(({ subject, verdict }) => [subject, verdict]);

  it('lists everybody who may, whoever the policy or a credential names, and by what', async () => {
    const answers = whoCan(await authorityOf(SHOP), act, { known });
    expect(answers.find(({ subject }) => subject === 'user:cleo')?.paths).toEqual([
      ['user:cleo', 'role:clerk', 'clerk'],
    ]);
    expect(answers.map(({ subject, verdict }) => [subject, verdict])).toEqual([
      ['agent:orders', 'allow'],
      ['agent:triage', 'allow'],
      ['user:ann', 'perhaps'],
      ['user:cleo', 'allow'],
      ['user:dot', 'allow'],
      ['role:clerk', 'allow'],
      ['role:customer', 'perhaps'],
    ]);
  });

  it('says perhaps only where a value is not given: a value that settles it settles it', async () => {
    const resource = { type: 'order', id: '#W1' };
    expect(await found({ resource, attributes: another })).not.toContainEqual(['user:ann', 'perhaps']);
    expect(await found({ resource, attributes: own })).toContainEqual(['user:ann', 'allow']);
  });

  it('agrees with the decision about each', async () => {
    const authority = await authorityOf(SHOP);
    const part = { resource: { type: 'order', id: '#W1' }, attributes: own, args: { amount: 500 }, ...refund };
    const answers = new Map(whoCan(authority, { ...act, ...part }, { known }).map((one) => [one.subject, one.verdict]));
    for (const { id, kind, roles } of known) {
      const decision = decide(authority, toolCall({ ...part, chain: [], initiator: { tenant, kind, id, roles } }));
      expect(answers.get(id) ?? 'deny').toBe(decision.verdict);
    }
  });

  it('names the roles and patterns that rules name: people who come with a token are known to nobody before', async () => {
    const text = `
rules: |
  g, role:chief, role:clerk, {tenant}
  p, role:clerk, {tenant}, tool:x, tool.invoke, , allow, , clerks
  p, role:owner, {tenant}, tool:x, tool.invoke, own, allow, , owners
  p, role:poor,  {tenant}, tool:x, tool.invoke, small, allow, , poor
  p, role:guest, {tenant}, tool:x, tool.invoke, , allow, , guests
  p, role:guest, {tenant}, tool:x, tool.invoke, , deny, , no-guests
  p, service:*,  {tenant}, tool:x, tool.invoke, , allow, , services
conditions:
  own: { eq: [resource.owner, { path: initiator.id }] }
  small: { lt: [args./amount, 10] }
attributes:
  order.owner: { type: string }
`;
    const part = { resource: { type: 'order', id: '#W1' }, attributes: own, args: { amount: 50 } };
    const object = { type: 'tool', id: 'x' } as const;
    const answers = whoCan(await authorityOf(text), { ...act, ...part, object }, { known: [] });
    expect(answers.map(({ subject, verdict, paths }) => [subject, verdict, paths])).toEqual([
      ['role:clerk', 'allow', [['role:clerk', 'clerks']]],
      ['role:owner', 'perhaps', [['role:owner', 'owners']]],
      ['service:*', 'allow', [['service:*', 'services']]],
    ]);
    expect(answers.map(({ sentence }) => sentence).join()).not.toContain('?');
  });
});

describe('what somebody may', () => {
  it('is asked of a role too, for whoever holds it', async () => {
    const rids = permissionsOf(await authorityOf(SHOP), { id: 'role:clerk', roles: [] }).map(({ rid }) => rid);
    expect(rids).toContain('clerk');
    expect(rids).not.toContain('own-order');
  });

  it('is every rule that speaks of them, by name, role or pattern, and no other', async () => {
    const authority = await authorityOf(SHOP);
    const rids = (id: string) => permissionsOf(authority, { id, roles: [] }).map(({ rid }) => rid);
    expect(rids('agent:billing')).toEqual(expect.arrayContaining(['agent-billing', 'agent-model', 'huge-refund']));
    expect(rids('agent:billing')).not.toContain('agent-orders');
    expect(rids('agent:triage')).toEqual(expect.arrayContaining(['to-orders', 'never-vault']));
    expect(permissionsOf(authority, { id: 'user:cleo', roles: [] }).find(({ rid }) => rid === 'clerk')?.path).toEqual([
      'user:cleo',
      'role:clerk',
      'clerk',
    ]);
  });
});
