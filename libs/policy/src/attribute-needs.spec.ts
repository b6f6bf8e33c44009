import { attributes, authorityOf, NOW, SHOP, stopOf, toolCall } from '../../../test/policy/parts';
import { attributeNeeds } from './attribute-needs';
import { decide } from './decide';
import type { DecisionRequest } from './types';

const names = async (part: Partial<DecisionRequest> = {}, text = SHOP): Promise<string[]> =>
  attributeNeeds(await authorityOf(text), toolCall(part)).map(({ name }) => name);

describe('the attributes a decision needs', () => {
  it('are those its candidate rules read, of the resource at hand, with their greatest age', async () => {
    const text = SHOP.replace('order.owner: { type: string }', 'order.owner: { type: string, max_age_ms: 60000 }');
    expect(attributeNeeds(await authorityOf(text), toolCall())).toEqual([
      { name: 'order.owner', resource: { type: 'order', id: '#W1' }, maxAgeMs: 60_000 },
    ]);
  });

  it('are none once they are brought, and again when they have grown old', async () => {
    const text = SHOP.replace('order.owner: { type: string }', 'order.owner: { type: string, max_age_ms: 60000 }');
    const brought = (age: number) => ({ attributes: attributes({ 'order.owner': 'user:bob' }, age) });
    expect(await names(brought(60_000), text)).toEqual([]);
    expect(await names(brought(60_001), text)).toEqual(['order.owner']);
    expect(decide(await authorityOf(text), toolCall(brought(60_001))).nearMisses[0]!.missing).toContain('too old');
  });

  it('are none where the call names no resource, or one that has no such attribute', async () => {
    const { resource: _, ...bare } = toolCall();
    expect(attributeNeeds(await authorityOf(SHOP), bare)).toEqual([]);
    expect(await names({ resource: { type: 'file', id: '1' } })).toEqual([]);
  });

  it('are none when nothing they could be would allow the act', async () => {
    expect(await names({ chain: [{ agent: 'stranger', digest: 'x' }] })).toEqual([]);
    expect(await names({ mandate: { tools: [] } })).toEqual([]);
    const authority = await authorityOf(SHOP, [stopOf({ scope: 'tenant' })]);
    expect(attributeNeeds(authority, toolCall())).toEqual([]);
    expect(attributeNeeds({ ...authority, stops: [], snapshot: null }, toolCall())).toEqual([]);
  });

  it('are none when a clause is settled without them', async () => {
    const guarded = (guard: string): string =>
      SHOP.replace('own: {', `own: { all: [{ eq: [resource.type, ${guard}] }, {`).replace(
        '{ path: initiator.id }] }',
        '{ path: initiator.id }] }] }',
      );
    expect(await names({}, guarded('order'))).toEqual(['order.owner']);
    expect(await names({}, guarded('invoice'))).toEqual([]);
  });

  it('are asked for rules that forbid, too', async () => {
    const text = SHOP.replace(
      'g2, tool:get_order',
      'p, role:clerk, {tenant}, tool:get_order, tool.invoke, own, deny\n  g2, tool:get_order',
    );
    const clerk = { ...toolCall().initiator, roles: ['clerk'] };
    expect(await names({ initiator: clerk })).toEqual([]);
    expect(await names({ initiator: clerk }, text)).toEqual(['order.owner']);
  });

  it('make the decision that follows one that no longer errs', async () => {
    const authority = await authorityOf(SHOP);
    const [need] = attributeNeeds(authority, toolCall());
    const read = { [need!.name]: { value: 'user:ann', source: 'r', at: NOW } };
    expect(decide(authority, toolCall({ attributes: read })).verdict).toBe('allow');
  });
});
