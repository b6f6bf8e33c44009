import type { Result } from '@writ/kernel';
import type { Opened, OpenPermit, Permit, PermitRefusal } from '@writ/policy';
import { injectTraceparent } from '@writ/telemetry';
import type { ToolCall } from '../types';

/**
 * How long a permit may stay open while a connection is made. Starting a server takes longer than the permit may wait,
 * and a forged permit must not start one, so on a cold connection the permit opens before the handshake. This is then
 * how much later than its opening the call may still leave; past it the call is decided again.
 */
const HOLD_MS = 1_000;

export class PermitRefused extends Error {
  override readonly name = 'PermitRefused';
  constructor(readonly refusal: PermitRefusal) {
    super(refusal.message);
  }
}

const HELD_TOO_LONG: PermitRefusal = {
  code: 'permit_expired',
  class: 'policy',
  message: `the server took longer than ${HOLD_MS} ms to connect, and its permit does not wait that long; it is connected now`,
};

export interface TicketRequest {
  readonly permit: Permit;
  readonly call: Pick<ToolCall, 'door' | 'target' | 'args' | 'effect'>;
  readonly signal: AbortSignal;
  /** Most bytes of one answer on the wire before it is cut. */
  readonly wireBytes: number;
}

/** What went wrong with an answer below the protocol, where the client library cannot see it. */
export type WireFault = 'too_large' | 'cut';

/** One permitted request on its way through the client library to the write. */
export class Ticket {
  /** True from the moment the request may have reached the server. */
  sent = false;
  /** Settles only by rejecting, with the fault. */
  readonly broken: Promise<never>;
  private breakOff: (fault: WireFault) => void = () => undefined;
  private opened: { readonly value: Opened; readonly at: number } | null = null;
  fault: WireFault | null = null;

  constructor(
    private readonly open: OpenPermit,
    readonly request: TicketRequest,
  ) {
    this.broken = new Promise<never>((_, reject) => {
      this.breakOff = (fault) => {
        this.fault ??= fault;
        reject(new Error(fault));
      };
    });
    this.broken.catch(() => undefined);
  }

  get repeatable(): boolean {
    return this.request.call.effect === 'read' || this.request.call.effect === 'idempotent';
  }

  break(fault: WireFault): void {
    this.breakOff(fault);
  }

  /** Opens the permit to make a connection with; the same opening then serves the call, if that leaves soon enough. */
  openEarly(): void {
    const opened = this.unseal();
    this.opened = { value: opened, at: performance.now() };
  }

  /** Opens the permit for the write that follows at once. Throws `PermitRefused`; a second call is a second opening. */
  openToSend(): Opened {
    const early = this.opened;
    this.opened = null;
    if (early === null) return this.unseal();
    if (performance.now() - early.at > HOLD_MS) throw new PermitRefused(HELD_TOO_LONG);
    return early.value;
  }

  private unseal(): Opened {
    const { permit, call } = this.request;
    const opened: Result<Opened, PermitRefusal> = this.open(permit, {
      door: call.door,
      target: call.target,
      presented: call.args,
    });
    if (!opened.ok) throw new PermitRefused(opened.failure);
    return opened.value;
  }
}

/**
 * What travels beside the arguments in `_meta`. The key is stable over retries, so a server can answer a repeated call
 * from memory; the attempt lets it refuse one that arrives late.
 */
export function callMeta(opened: Opened): Record<string, unknown> {
  const traceparent = injectTraceparent();
  return {
    'writ/idempotency-key': opened.key,
    'writ/attempt': opened.attempt,
    'writ/run': opened.run,
    ...(traceparent !== null && { traceparent }),
  };
}
