import { EXAMPLES, readQuestion } from './question';

describe('a question to the policy', () => {
  it.each(EXAMPLES)('is understood as its example says: %s', (text) => {
    expect(typeof readQuestion(text)).toBe('object');
  });

  it('may name what is touched and what is known of it', () => {
    expect(readQuestion('who can tool.invoke tool:refund on order:#W1 where order.owner=user:ann?')).toEqual({
      kind: 'who',
      action: 'tool.invoke',
      object: { type: 'tool', id: 'refund' },
      resource: { type: 'order', id: '#W1' },
      attributes: { 'order.owner': 'user:ann' },
    });
    expect(readQuestion('can user:ann through triage,orders tool.invoke tool:refund')).toMatchObject({
      initiator: 'user:ann',
      chain: ['triage', 'orders'],
    });
  });

  it('may name roles that a credential gives, and be about a role', () => {
    expect(readQuestion('can user:ann as customer,clerk through orders tool.invoke tool:refund')).toMatchObject({
      roles: ['customer', 'clerk'],
      chain: ['orders'],
    });
    expect(readQuestion('what can role:customer')).toEqual({ kind: 'what', subject: 'role:customer' });
  });

  it('may be about whom a tool can be reached through', () => {
    expect(readQuestion('who reaches tool:*')).toEqual({ kind: 'reach' });
    expect(readQuestion('who reaches tool:refund from agent:triage for customer?')).toEqual({
      kind: 'reach',
      tool: 'refund',
      from: 'triage',
      initiator: 'customer',
    });
  });

  it.each([
    ['who reaches refund', 'Name a tool'],
    ['who reaches tool:refund by night', 'says nothing'],
    ['who reaches tool:refund from', 'says nothing'],
    ['', 'begins with'],
    ['why', 'begins with'],
    ['can ann tool.invoke tool:x', 'Name somebody'],
    ['can user:ann', 'Name an action'],
    ['who can tool.invoke refund', 'by kind and name'],
    ['who can tool.invoke tool:x please', 'says nothing'],
    ['who can tool.invoke tool:x on', 'After “on”'],
    ['what can everybody', 'Name somebody'],
    ['can user:ann through', 'After “through”'],
    ['can user:ann as', 'After “as”'],
    ['what can role:', 'or a role'],
  ])('that is none says why: %s', (text, why) => {
    expect(readQuestion(text)).toContain(why);
  });
});
