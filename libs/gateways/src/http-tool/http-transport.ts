import { ok, refuse } from '@writ/kernel';
import type { Opened, OpenPermit, Permit } from '@writ/policy';
import { span, untraced } from '@writ/telemetry';
import { CutShort, Deadline } from '../deadline';
import type { Admitted, EgressGuard } from '../egress/guard';
import { exchange, type Exchange } from '../http/exchange';
import { failed, refusedBy } from '../outcome';
import type { CallLimits, CallOutcome, HttpRequest, HttpService, ToolCall, ToolReply, ToolTransport } from '../types';
import { readAnswer, readError } from './answer';
import { buildRequest, type BuiltRequest } from './build-request';
import { brokenFailure, type Called, redirectFailure, statusFailure } from './failures';
import { readSecrets, type Secrets } from './secrets';

export interface HttpToolOptions {
  readonly open: OpenPermit;
  /** Where secrets are looked up by name. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly guard: EgressGuard;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string;
}

/** One call on its way: what stays the same over its hops. */
interface Passage {
  readonly permit: Permit;
  readonly call: ToolCall;
  readonly service: HttpService;
  readonly request: HttpRequest;
  readonly built: BuiltRequest;
  readonly deadline: Deadline;
  readonly maxBytes: number;
  readonly called: Called;
  /** Set when the permit opens, at the first write: it, and the request built from the arguments it brings. */
  opened: { readonly permit: Opened; readonly built: BuiltRequest } | null;
}

interface Hop {
  readonly url: URL;
  readonly number: number;
}

/** A redirect to follow, or how the call ended. */
type Stage = { readonly kind: 'onward'; readonly url: URL } | CallOutcome<ToolReply>;

const SLOW_CONNECTION_MS = 1_500;
const NO_SECRETS: Secrets = { headers: {}, scrubText: (text) => text, scrub: (value) => value };

/**
 * Tools of HTTP services. Every connection is made by the egress guard's word: to an address it has checked, of an origin
 * that the definition lists. The permit opens when the first connection stands and nothing is written yet; redirects of
 * that one GET belong to the same effect, and nothing else is ever followed.
 */
export class HttpTransport implements ToolTransport {
  constructor(private readonly options: HttpToolOptions) {}

  async invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>> {
    const { endpoint } = call;
    if (endpoint.type !== 'http') {
      const message = `a tool of type ${endpoint.type} was sent to the HTTP transport`;
      return failed({ code: 'tool_endpoint_mismatch', class: 'bug', landed: 'no', message });
    }
    const { service, request } = endpoint;
    const built = buildRequest(request, call.args);
    if (!built.ok) return { kind: 'failed', failure: built.failure, landed: 'no' };
    const deadline = new Deadline(limits);
    const called = { service: service.name, origin: service.origin, effect: call.effect };
    const passage: Passage = {
      ...{ permit, call, service, request, built: built.value, deadline, called },
      maxBytes: limits.maxBytes,
      opened: null,
    };
    const { hostname, port } = new URL(service.origin);
    const attributes = { serverAddress: hostname, ...(port !== '' && { serverPort: Number(port) }) };
    try {
      return await span('http', attributes, async (open) => {
        // The instrumented client would write the address into a span of its own, and arguments with it.
        const outcome = await untraced(() => this.travel(passage));
        if (outcome.kind === 'failed') open.fail(outcome.failure.code);
        return outcome;
      });
    } finally {
      deadline.dispose();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async travel(passage: Passage): Promise<CallOutcome<ToolReply>> {
    let url = new URL(passage.service.origin + passage.built.target);
    for (let number = 0; ; number++) {
      const stage = await this.stage(passage, { url, number });
      if (stage.kind !== 'onward') return stage;
      url = stage.url;
    }
  }

  private async stage(passage: Passage, hop: Hop): Promise<Stage> {
    const { service, deadline, called, call } = passage;
    const written = passage.opened !== null;
    const origins = hop.number === 0 ? [service.origin] : [service.origin, ...service.redirects.origins];
    const asked = { url: hop.url, tenant: call.tenant, origins };
    try {
      const began = performance.now();
      const admitted = await deadline.race(this.options.guard.admit(asked));
      if (!admitted.ok) return { kind: 'failed', failure: admitted.failure, landed: hop.number === 0 ? 'no' : 'maybe' };
      const secrets = this.secretsFor(passage, admitted.value);
      if (!secrets.ok) return { kind: 'failed', failure: secrets.failure, landed: hop.number === 0 ? 'no' : 'maybe' };
      const answer = await this.send(passage, { admitted: admitted.value, secrets: secrets.value });
      if (tooSlow(answer, performance.now() - began)) {
        return brokenFailure(called, { cut: null, written: false, code: 'ESLOW' });
      }
      return await this.read(passage, { answer, hop, secrets: secrets.value });
    } catch (error) {
      if (error instanceof CutShort) return brokenFailure(called, { cut: deadline.cut, written, code: 'ECUT' });
      throw error;
    }
  }

  /** Credentials, and whatever else the definition or the arguments put into headers, go to the service's own origin only. */
  private secretsFor({ service }: Passage, { url, secrets }: Admitted) {
    return url.origin === service.origin ? readSecrets(service, this.options.env, secrets) : ok(NO_SECRETS);
  }

  /** To the first of the checked addresses that takes a connection: until something is written, trying the next is safe. */
  private async send(
    passage: Passage,
    { admitted, secrets }: { readonly admitted: Admitted; readonly secrets: Secrets },
  ): Promise<Exchange> {
    const { service, request, call, deadline } = passage;
    const { url } = admitted;
    const own = url.origin === service.origin;
    const headers = {
      accept: 'application/json, text/*;q=0.9',
      'accept-encoding': 'identity',
      'user-agent': 'writ',
      ...(own && { ...service.headers, ...secrets.headers }),
    };
    let answer: Exchange = { kind: 'broken', written: false, code: 'ENOADDRESS' };
    for (const address of admitted.addresses) {
      answer = await exchange({
        ...{ url, method: request.method, headers, address, signal: deadline.signal },
        fresh: call.effect !== 'read' && call.effect !== 'idempotent',
        ...(this.options.ca !== undefined && { ca: this.options.ca }),
        write: () => this.write(passage, own),
      });
      if (answer.kind !== 'broken' || answer.written || deadline.cut !== null) return answer;
    }
    return answer;
  }

  /** Opens the permit, once for the whole passage, and says what goes out. */
  private write(passage: Passage, own: boolean): ReturnType<Parameters<typeof exchange>[0]['write']> {
    const { call, request } = passage;
    if (passage.opened === null) {
      const presented = call.args;
      const opened = this.options.open(passage.permit, { door: call.door, target: call.target, presented });
      if (!opened.ok) return opened;
      // INVARIANT: what goes out is built from what was decided; only the address had to be built before.
      const decided = buildRequest(request, opened.value.args);
      if (!decided.ok || decided.value.target !== passage.built.target || opened.value.tenant !== call.tenant) {
        return refuse(CHANGED);
      }
      passage.opened = { permit: opened.value, built: decided.value };
    }
    const { permit, built } = passage.opened;
    if (!own) return ok({ body: null });
    const headers = {
      ...built.headers,
      ...(built.body !== null && { 'content-type': 'application/json' }),
      ...(request.keyHeader !== null && { [request.keyHeader]: permit.key }),
      ...(request.attemptHeader !== null && { [request.attemptHeader]: String(permit.attempt) }),
    };
    return ok({ body: built.body, headers });
  }

  private async read(
    passage: Passage,
    { answer, hop, secrets }: { readonly answer: Exchange; readonly hop: Hop; readonly secrets: Secrets },
  ): Promise<Stage> {
    const { called, deadline, maxBytes } = passage;
    if (answer.kind === 'refused') return refusedBy(answer.refusal);
    if (answer.kind === 'broken') {
      const written = answer.written || hop.number > 0;
      return brokenFailure(called, { cut: deadline.cut, written, code: answer.code });
    }
    const { status, message } = answer;
    if (status >= 300 && status < 400) {
      message.destroy();
      return onward(passage, hop, { status, location: message.headers.location });
    }
    if (status >= 400) {
      const said = await readError(message, secrets);
      if (deadline.cut !== null) return brokenFailure(called, { cut: deadline.cut, written: true, code: 'ECUT' });
      return statusFailure(called, { status, retryAfter: message.headers['retry-after'], said });
    }
    const reply = await readAnswer(message, { maxBytes, secrets });
    if (reply.kind !== 'cut' && deadline.cut === null) return reply;
    const code = reply.kind === 'cut' ? reply.code : 'ECUT';
    return brokenFailure(called, { cut: deadline.cut, written: true, code });
  }
}

const CHANGED = {
  code: 'permit_argument_mismatch',
  class: 'policy',
  message: 'What is about to be sent is not what was decided.',
} as const;

/**
 * A permit does not wait for a connection that is slow to come about, and deciding again would meet the same slowness at
 * once, for ever: it is a failed connection, which is tried again later and not for ever.
 */
const tooSlow = (answer: Exchange, ms: number): boolean =>
  answer.kind === 'refused' && answer.refusal.code === 'permit_expired' && ms > SLOW_CONNECTION_MS;

/** The next hop, where the definition allows one: only for a GET, which does nothing however often it is asked. */
function onward(
  { called, request, service }: Passage,
  { url, number }: Hop,
  { status, location }: { readonly status: number; readonly location: string | undefined },
): Stage {
  const no = (why: string): Stage => redirectFailure(called, status, why);
  if (request.method !== 'GET') return no(`a ${request.method} is never sent to a second place`);
  if (status === 304 || status === 300 || location === undefined) return no('it names no place to go on at');
  if (number >= service.redirects.max) return no(`${service.redirects.max} of them are allowed`);
  const next = URL.parse(location, url.href);
  if (!next) return no('its location is no address');
  next.hash = '';
  return { kind: 'onward', url: next };
}

export function httpTransport(options: HttpToolOptions): ToolTransport {
  return new HttpTransport(options);
}
