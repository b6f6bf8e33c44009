import type { StreamEndReason } from '@writ/contract';
import { type Database } from '@writ/database';
import { type Credential, endedCredentials } from '@writ/identity';
import { type Clock, type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import type { AuthorityStore } from '@writ/policy';
import { logger } from '@writ/telemetry';
import type { Ask, Gate } from '../authority/gate';
import { callerOf } from '../frame/call';
import type { AnyCall } from '../frame/state';

export interface StreamLimits {
  /** Streams that one API key may have open in this process. */
  readonly perKey: number;
  readonly inAll: number;
}

const STREAM_LIMITS: StreamLimits = { perKey: 64, inAll: 4_096 };

/** One open stream, or a request that waits: closed by whoever opened it, or ended by the server. */
export interface OpenStream {
  /** Resolves when the server wants it to end. */
  readonly ended: Promise<StreamEndReason>;
  close(): void;
}

interface Held {
  readonly credential: Credential;
  readonly expiresAt: number;
  readonly call: AnyCall;
  readonly ask: Ask;
  readonly end: (reason: StreamEndReason) => void;
  /** The authority its rights were last asked under. */
  epoch: string;
}

const TICK_MS = 250;
/** Rights are asked again this often even when nothing says they changed. */
const RECHECK_MS = 10_000;
const log = logger('streams');

/**
 * The streams of this process. A request is authorized once; a stream goes on being authorized: when its tenant's
 * authority moves, when its key ends, and every ten seconds regardless, for all streams in one statement.
 */
export class Streams {
  readonly #open = new Set<Held>();
  #timer: NodeJS.Timeout | null = null;
  #checked = 0;
  #checking = false;
  #closing = false;

  constructor(
    private readonly database: Database,
    private readonly authority: AuthorityStore,
    private readonly gate: Gate,
    private readonly clock: Clock,
    private readonly limits: StreamLimits = STREAM_LIMITS,
  ) {}

  /** Takes a place for a stream that was just authorized by `ask`. Refuses `rate_limited` when there is none. */
  open(call: AnyCall, ask: Ask): Result<OpenStream> {
    const { principal, key, session } = callerOf(call);
    const ofKey = [...this.#open].filter((one) => one.credential.key === key.id).length;
    if (this.#closing) return refuse(CLOSING);
    if (ofKey >= this.limits.perKey || this.#open.size >= this.limits.inAll) return refuse(tooMany(ofKey, this.limits));
    let end: (reason: StreamEndReason) => void = () => undefined;
    const ended = new Promise<StreamEndReason>((resolve) => (end = resolve));
    const credential: Credential = { tenant: principal.tenant, key: key.id, session: session?.hash ?? null };
    const expiresAt = Math.min(Date.parse(key.expires_at), session ? Date.parse(session.expires_at) : Infinity);
    const held: Held = { credential, expiresAt, call, ask, end, epoch: this.#epochOf(principal.tenant) };
    this.#open.add(held);
    this.#timer ??= setInterval(() => void this.#tick(), TICK_MS).unref();
    return ok({ ended, close: () => this.#drop(held) });
  }

  get size(): number {
    return this.#open.size;
  }

  /** Asks about all of them with the next tick, because somebody's right may have just ended. */
  recheck(): void {
    this.#checked = 0;
  }

  /** Nest calls it before the server stops listening, which waits for open answers. */
  onModuleDestroy(): void {
    this.#closing = true;
    for (const held of this.#open) held.end('shutdown');
    if (this.#timer) clearInterval(this.#timer);
  }

  #drop(held: Held): void {
    this.#open.delete(held);
    if (this.#open.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #epochOf(tenant: TenantId): string {
    const held = this.authority.current(tenant);
    return held ? `${held.epochs.tenant}.${held.epochs.platform}` : '';
  }

  async #tick(): Promise<void> {
    const now = this.clock.now();
    for (const held of this.#open)
      if (held.expiresAt <= now) held.end(held.credential.session ? 'session_ended' : 'key_expired');
    if (this.#checking) return;
    const moved = [...this.#open].filter((held) => held.epoch !== this.#epochOf(held.credential.tenant));
    const due = now - this.#checked > RECHECK_MS;
    const asked = due ? [...this.#open] : moved;
    if (asked.length === 0) return;
    this.#checking = true;
    try {
      for (const held of asked) held.epoch = this.#epochOf(held.credential.tenant);
      if (due) this.#checked = now;
      await this.#check(asked);
    } catch (error) {
      // Who cannot be asked about keeps what they have for now: the next tick asks again.
      log.warn({ error: (error as Error).message }, 'open streams could not be checked');
      this.#checked = 0;
    } finally {
      this.#checking = false;
    }
  }

  async #check(asked: readonly Held[]): Promise<void> {
    const ended = await endedCredentials(
      this.database,
      asked.map(({ credential }) => credential),
    );
    for (const held of asked) {
      const reason = ended.get(held.credential);
      if (reason !== undefined) held.end(reason);
      else if (!(await this.gate.allows(held.call, held.ask))) held.end('policy_denied');
    }
  }
}

const CLOSING: Failure = {
  code: 'unavailable',
  class: 'transient',
  message: 'this server is shutting down',
  next: 'Connect again in a moment.',
};

const tooMany = (ofKey: number, { perKey, inAll }: StreamLimits): Failure => ({
  code: 'rate_limited',
  class: 'transient',
  message:
    ofKey >= perKey
      ? `this key has ${ofKey} streams open; ${perKey} are the most`
      : `this server has ${inAll} streams open`,
  next: 'Close one that is not needed, or ask for single pages.',
  details: { retry_after_s: 5 },
});
