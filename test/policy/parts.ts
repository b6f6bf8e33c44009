import { newId, type StopId, type TenantId } from '@writ/kernel';
import {
  buildSnapshot,
  type DecisionRequest,
  parseBundle,
  type Snapshot,
  type Stop,
  type TenantAuthority,
} from '@writ/policy';

export const tenant: TenantId = newId('tenant');
export const NOW = Date.parse('2026-03-04T10:30:00Z');

export async function snapshotOf(text: string): Promise<Snapshot> {
  const bundle = parseBundle(text);
  if (!bundle.ok) throw new Error(bundle.failure.message);
  const snapshot = await buildSnapshot(bundle.value);
  if (!snapshot.ok) throw new Error(snapshot.failure.message);
  return snapshot.value;
}

export async function authorityOf(text: string, stops: readonly Stop[] = []): Promise<TenantAuthority> {
  return { tenant, snapshot: await snapshotOf(text), stops, epochs: { tenant: 3, platform: 1 } };
}

export const stopOf = (part: Partial<Stop>): Stop => ({
  id: newId('stop') as StopId,
  tenant,
  scope: 'tool',
  target: '',
  reason: 'a test',
  setBy: 'user:operator',
  setAt: NOW,
  ...part,
});

/** A tool call by agent `orders` for user `ann`, with whatever the test changes. */
export function toolCall(part: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    tenant,
    initiator: { tenant, kind: 'user', id: 'user:ann', roles: ['customer'] },
    chain: [{ agent: 'orders', digest: 'sha256:orders' }],
    action: 'tool.invoke',
    object: { type: 'tool', id: 'get_order', digest: 'sha256:tool' },
    resource: { type: 'order', id: '#W1' },
    args: { order_id: '#W1' },
    now: NOW,
    ...part,
  };
}

export const attributes = (values: { readonly [name: string]: string | number | boolean | null }, age = 0) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, source: 'resolver', at: NOW - age }] as const),
  );

/** Agents `orders` and `triage` may read orders, customers only their own; refunds over 100 ask, over 1000 never. */
export const SHOP = `
rules: |
  p, agent:orders, {tenant}, class:orders, tool.invoke, , allow, , agent-orders
  p, agent:triage, {tenant}, tool:get_order, tool.invoke, , allow, , agent-triage
  p, agent:*, {tenant}, model:*, model.invoke, , allow, , agent-model
  p, agent:orders, {tenant}, data:order.*, data.read, , allow
  p, role:customer, {tenant}, data:order.*, data.read, , allow
  p, role:customer, {tenant}, model:*, model.invoke, , allow
  p, role:customer, {tenant}, tool:get_order, tool.invoke, own, allow, , own-order
  p, role:customer, {tenant}, tool:refund, tool.invoke, own, allow, , own-refund
  p, role:customer, {tenant}, tool:refund, tool.invoke, large, allow, ask, large-refund
  p, *, {tenant}, tool:refund, tool.invoke, huge, deny, , huge-refund
  p, role:clerk, {tenant}, class:orders, tool.invoke, , allow, , clerk
  p, role:customer, {tenant}, agent:*, handoff, , allow
  p, role:clerk, {tenant}, agent:*, handoff, , allow
  p, role:customer, {tenant}, workflow:*, run.start, , allow
  p2, agent:triage, agent:orders, {tenant}, *, attenuate, , allow, , to-orders
  p2, agent:triage, agent:billing, {tenant}, refund*, service, , allow, , to-billing
  p2, agent:orders, agent:billing, {tenant}, *, service, , allow, , orders-billing
  p2, agent:triage, agent:vault, {tenant}, *, attenuate, , deny, , never-vault
  p2, agent:orders, agent:vault, {tenant}, *, attenuate, , allow, , orders-vault
  p, agent:billing, {tenant}, tool:refund, tool.invoke, , allow, , agent-billing
  g2, tool:get_order, class:orders, {tenant}
  g2, tool:refund, class:orders, {tenant}
  g, user:cleo, role:clerk, {tenant}
conditions:
  own: { eq: [resource.owner, { path: initiator.id }] }
  large: { amount: { of: args./amount, at_least: '100.01' } }
  huge: { amount: { of: args./amount, at_least: '1000.01' } }
obligations:
  ask: { type: require_approval, values: { count: 1, roles: [payments] } }
attributes:
  order.owner: { type: string }
limits:
  handoff_depth: 3
`;
