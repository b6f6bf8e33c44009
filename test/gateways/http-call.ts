import {
  type CallOutcome,
  EgressGuard,
  type HttpRequest,
  type HttpService,
  httpTransport,
  type Lookup,
  readEgressRules,
  type ToolReply,
} from '@writ/gateways';
import type { JsonObject } from '@writ/kernel';
import type { EffectClass } from '@writ/words';
import { limits, toolCall } from './calls';
import type { TestOffice } from './office';
import { answerJson, httpPeer, type Serve } from './peers/http-peer';

export interface HttpAsk {
  readonly origin: string;
  /** What the operator would write into WRIT_EGRESS; by default the origin, privately. */
  readonly egress?: string;
  readonly service?: Partial<HttpService>;
  readonly request?: Partial<HttpRequest>;
  readonly args?: JsonObject;
  readonly effect?: EffectClass;
  readonly env?: { readonly [name: string]: string };
  readonly attempt?: number;
  readonly limits?: Parameters<typeof limits>[0];
  /** Name → addresses; `api.test` and everything else lead to this machine by default. */
  readonly lookup?: Lookup;
  readonly ca?: string;
}

export const here: Lookup = () => Promise.resolve([{ address: '127.0.0.1' }]);

/** One permitted call of an HTTP tool. */
export function callHttp(office: TestOffice, ask: HttpAsk): Promise<CallOutcome<ToolReply>> {
  const { origin, args = {}, effect = 'irreversible', attempt = 1, ca } = ask;
  const rules = readEgressRules(ask.egress ?? `${origin};private`);
  const guard = new EgressGuard({ rules, lookup: ask.lookup ?? here });
  const transport = httpTransport({ open: office.open, env: ask.env ?? {}, guard, ...(ca !== undefined && { ca }) });
  const service = {
    name: 'peer',
    origin,
    headers: {},
    headersEnv: {},
    redirects: { max: 0, origins: [] },
    ...ask.service,
  };
  const plain = { method: 'POST', path: '/', query: {}, headers: {}, body: null } as const;
  const request = { ...plain, keyHeader: null, attemptHeader: null, ...ask.request };
  const call = toolCall({ type: 'http', service, request }, args, { effect });
  const permit = office.permit({ door: 'tool', target: call.target, args, attempt, key: 'run.7' });
  return transport.invoke(permit, call, limits(ask.limits));
}

/** Calls a peer that serves so; closes it afterwards. */
export async function askHttp(office: TestOffice, serve: Serve, given: Partial<HttpAsk> = {}) {
  const peer = await httpPeer(serve);
  try {
    const outcome = await callHttp(office, { origin: `http://api.test:${peer.port}`, ...given });
    return { outcome, heard: peer.heard, connections: peer.connections() };
  } finally {
    await peer.close();
  }
}

export const fine: Serve = (_request, response) => answerJson(response, { ok: true });
