import { createHmac } from 'node:crypto';
import { headersOf, messageOf, newSecret } from './message';
import { NOTICES, wants } from './types';

const event = {
  id: 'evt_1',
  tenant: 'ten_1',
  origin: 'writ/ten_1',
  type: 'approval.requested',
  time: '2026-11-23T09:00:00.000Z',
  actor: 'agent:clerk',
  object: { type: 'approval', id: 'apr_1' },
  detail: { run: 'run_1', target: 'pay', args: 'sha256:0' },
};

describe('a message', () => {
  it('is a CloudEvent and a webhook payload at once, with ids and where to look, and nothing of what happened', () => {
    const message = JSON.parse(messageOf(event)) as Record<string, unknown>;
    expect(message).toEqual({
      specversion: '1.0',
      id: 'evt_1',
      source: 'writ/ten_1',
      type: 'approval.requested',
      subject: 'approval/apr_1',
      time: event.time,
      timestamp: event.time,
      datacontenttype: 'application/json',
      data: {
        tenant: 'ten_1',
        object: { type: 'approval', id: 'apr_1' },
        run: 'run_1',
        link: '/approvals?tab=open&sel=apr_1&view=peek',
      },
    });
    expect(messageOf(event)).not.toContain('clerk');
  });

  it('leads to the question that was asked', () => {
    const asked = {
      ...event,
      type: 'question.asked',
      object: { type: 'run', id: 'run_2' },
      detail: { question: 'inp_1' },
    };
    expect(JSON.parse(messageOf(asked))).toMatchObject({
      data: { run: 'run_2', question: 'inp_1', link: '/questions?tab=all&sel=inp_1&view=peek' },
    });
  });

  it('is signed as the Standard Webhooks say', () => {
    const secret = newSecret();
    const headers = headersOf(secret, { id: 'evt_1', body: '{}', now: 1_700_000_000_500 });
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const expected = createHmac('sha256', key).update('evt_1.1700000000.{}').digest('base64');
    expect(headers).toMatchObject({
      'webhook-id': 'evt_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${expected}`,
    });
  });

  it('is for who asked for its type, whole or by its beginning', () => {
    expect(wants(['approval.*'], 'approval.requested')).toBe(true);
    expect(wants(['approval.*'], 'approvals.other')).toBe(false);
    expect(wants(['stop.set'], 'stop.set_again')).toBe(false);
    expect(wants(['*'], 'anything.at_all')).toBe(true);
    expect(wants(NOTICES, 'budget.warning')).toBe(true);
  });
});
