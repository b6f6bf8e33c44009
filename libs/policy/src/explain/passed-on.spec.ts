import { authorityOf, toolCall } from '../../../../test/policy/parts';
import { decide } from '../decide';
import { passedOn } from './passed-on';

const POLICY = `
rules: |
  p, user:ann, {tenant}, *, *, , allow
  p, agent:payments, {tenant}, tool:pay, tool.invoke, , allow
  p2, agent:triage, agent:refunds, {tenant}, *, service, , allow
  p2, agent:refunds, agent:payments, {tenant}, payout, service, , allow
  p2, agent:mail, agent:payments, {tenant}, *, service, , deny
  p2, agent:mail, agent:payments, {tenant}, *, attenuate, , allow
  p2, agent:desk, agent:payments, {tenant}, *, attenuate, , allow
`;
const paying = (...agents: string[]) =>
  toolCall({ object: { type: 'tool', id: 'pay' }, chain: agents.map((agent) => ({ agent, digest: '' })) });
const modes = async (...agents: string[]) =>
  passedOn(await authorityOf(POLICY), paying(...agents)).chain.map(({ mode }) => mode);

describe('a chain that is only asked about', () => {
  it('came to act as the policy lets each hand over to the next, whatever the purpose', async () => {
    expect(await modes('triage', 'refunds', 'payments')).toEqual([undefined, 'service', 'service']);
    expect(await modes('desk', 'payments')).toEqual([undefined, 'attenuate']);
  });

  it('is held to whoever a service does not shed, and to nobody it sheds', async () => {
    const authority = await authorityOf(POLICY);
    const verdict = (...agents: string[]) => decide(authority, passedOn(authority, paying(...agents))).verdict;
    expect(verdict('triage', 'refunds', 'payments')).toBe('allow');
    expect(verdict('desk', 'payments')).toBe('deny');
    expect(verdict('mail', 'payments')).toBe('deny');
  });

  it('has no mode where nobody lets it be passed on, and then sheds nobody', async () => {
    expect(await modes('triage', 'payments')).toEqual([undefined, undefined]);
    expect(await modes('mail', 'payments')).toEqual([undefined, undefined]);
    expect(await modes('payments')).toEqual([undefined]);
  });
});
