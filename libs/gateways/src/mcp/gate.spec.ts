import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/kernel';
import type { Opened, OpenPermit, Permit } from '@writ/policy';
import { Gate, sealed } from './gate';
import { Ticket } from './ticket';

const request = (method: string, id = 1, params: JsonObject = {}): JSONRPCMessage =>
  ({ jsonrpc: '2.0', id, method, params }) as JSONRPCMessage;

const opened = (args: JsonObject) => ({ args, key: 'k', attempt: 2, run: 'run_1' }) as unknown as Opened;
const ticket = (args: JsonObject, open: OpenPermit = () => ({ ok: true, value: opened(args) })): Ticket =>
  new Ticket(open, {
    permit: {} as unknown as Permit,
    call: { door: 'tool', target: 't', args, effect: 'read' },
    signal: new AbortController().signal,
    wireBytes: 100,
  });

describe('the gate before a server', () => {
  it('[I1] lets no call out without a ticket, and each ticket for one call', () => {
    const gate = new Gate();
    expect(() => gate.admit(request('tools/call'))).toThrow('no permit covers it');
    gate.with(ticket({}), () => {
      expect(gate.admit(request('tools/call')).kind).toBe('call');
      expect(() => gate.admit(request('tools/call'))).toThrow('no permit covers it');
    });
  });

  it('[I1] takes a ticket back that its request did not use at once', async () => {
    const gate = new Gate();
    await gate.with(ticket({}), () => Promise.resolve());
    expect(() => gate.admit(request('tools/call'))).toThrow('no permit covers it');
  });

  it('[I1] lets a handshake out only while the connection is being made', () => {
    const gate = new Gate();
    for (const method of ['initialize', 'server/discover']) expect(gate.admit(request(method)).kind).toBe('pass');
    gate.shaking = false;
    for (const method of ['initialize', 'server/discover', 'resources/read', 'prompts/get', 'ping']) {
      expect(() => gate.admit(request(method))).toThrow('no permit covers it');
    }
  });

  it('lets a cancel out only for a call that was sent, once', () => {
    const gate = new Gate();
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } } as JSONRPCMessage;
    expect(() => gate.admit(cancel)).toThrow('no permit covers it');
    gate.wrote(request('tools/call', 5));
    expect(gate.admit(cancel)).toEqual({ kind: 'cancel', id: 5 });
    expect(() => gate.admit(cancel)).toThrow('no permit covers it');
  });

  it('writes the opened arguments, not those of the message, and keeps what the protocol put beside them', () => {
    const message = request('tools/call', 1, { name: 'n', arguments: { planted: true }, _meta: { protocol: '2026' } });
    expect(sealed(message, ticket({ decided: 1 }))).toMatchObject({
      params: {
        name: 'n',
        arguments: { decided: 1 },
        _meta: { protocol: '2026', 'writ/idempotency-key': 'k', 'writ/attempt': 2, 'writ/run': 'run_1' },
      },
    });
  });

  it('sends nothing of a listing’s decided arguments', () => {
    expect(sealed(request('tools/list'), ticket({ server: 's' }))).not.toHaveProperty('params.arguments');
  });
});
