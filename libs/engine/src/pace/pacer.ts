import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, digestOf, type Failure, type WorkerId } from '@writ/kernel';
import type { CallEnd, ProviderKey, ProviderLimits, ProviderState, Providers, WaitReason } from '@writ/database';
import type { ModelDefinition } from '@writ/registry';
import { logger } from '@writ/telemetry';

/** A call that may go out: `left` must be told how it ended, also when it did not happen. */
export interface Pass {
  left(end: CallEnd): void;
}

export type Paced =
  | { readonly kind: 'go'; readonly pass: Pass }
  | { readonly kind: 'wait'; readonly ms: number; readonly reason: WaitReason };

export const FREE: Pass = { left: () => undefined };
const MINUTE_MS = 60_000;
/** How far calls may run ahead of an even pace. */
const BURST_MS = 1_000;
/** After a 429 that names no time. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
/** What is known of endpoints without limits is read this often, while models are called. */
const FRESH_MS = 500;
const TELL_TRIES = 10;
const log = logger('pacer');

export interface Pacing {
  readonly provider: ProviderKey;
  readonly limits: ProviderLimits;
  readonly timeoutMs: number;
}

/** What a model's definition says of the endpoint it is called at. `base` is where its environment variable leads. */
export function pacingOf(model: ModelDefinition, base: string): Pacing {
  const { concurrency, requests_per_minute: perMinute } = model.limits ?? {};
  return {
    provider: { key: digestOf(JSON.stringify([base, model.api_key_env, model.model])), name: model.model },
    limits: {
      most: concurrency ?? null,
      everyMs: perMinute === undefined ? null : MINUTE_MS / perMinute,
      burstMs: BURST_MS,
    },
    timeoutMs: model.timeout_ms,
  };
}

/**
 * Lets model calls out at the pace their endpoint can take, over all workers. It is asked before the intent is committed:
 * a permit is good for two seconds, and a wait may last minutes. An endpoint without limits that is well costs no
 * statement; its troubles are read twice a second while models are called.
 *
 * Where the state cannot be read or written, calls go out: it guards an endpoint, not a right.
 */
export class Pacer {
  #troubled: ReadonlyMap<string, ProviderState> = new Map();
  #readAt = -Infinity;
  #reading = false;

  constructor(
    private readonly store: Providers,
    private readonly worker: WorkerId,
    private readonly clock: Clock,
  ) {}

  async enter({ provider, limits, timeoutMs }: Pacing): Promise<Paced> {
    this.#refresh();
    const counted = limits.most !== null;
    const bounded = counted || limits.everyMs !== null;
    const trouble = this.#troubled.get(provider.key);
    if (!bounded && !trouble) return { kind: 'go', pass: this.#pass(provider, { counted, quiet: true }) };
    try {
      const probeMs = timeoutMs + FRESH_MS;
      const { waitMs, reason } = await this.store.enter(provider, { worker: this.worker, limits, probeMs });
      if (reason !== null) return { kind: 'wait', ms: waitMs, reason };
      return { kind: 'go', pass: this.#pass(provider, { counted, quiet: !counted && !trouble }) };
    } catch (error) {
      log.warn({ model: provider.name, error: (error as Error).message }, 'the pace of an endpoint is not known');
      return { kind: 'go', pass: FREE };
    }
  }

  /** `quiet`: nothing needs to be told of a call that went well. */
  #pass(provider: ProviderKey, { counted, quiet }: { readonly counted: boolean; readonly quiet: boolean }): Pass {
    let told = false;
    return {
      left: (end) => {
        if (told) return;
        told = true;
        if (quiet && (end.kind === 'ok' || end.kind === 'other')) return;
        // What this process learnt it need not read.
        if (end.kind === 'limited' || end.kind === 'failed') this.#readAt = -Infinity;
        void this.#tell(provider, { worker: this.worker, counted, end });
      },
    };
  }

  /** Again until it is known: a call that is counted for ever would block a place at the endpoint. */
  async #tell(provider: ProviderKey, left: Parameters<Providers['leave']>[1]): Promise<void> {
    for (let tries = 0; tries < TELL_TRIES; tries++) {
      try {
        return await this.store.leave(provider, left);
      } catch (error) {
        log.warn({ model: provider.name, error: (error as Error).message }, 'how a call ended could not be shared');
        await sleep(FRESH_MS * (tries + 1), undefined, { ref: false });
      }
    }
  }

  #refresh(): void {
    const now = this.clock.monotonic();
    if (this.#reading || now - this.#readAt < FRESH_MS) return;
    this.#reading = true;
    this.#readAt = now;
    this.store
      .troubled()
      .then((found) => (this.#troubled = new Map(found.map((state) => [state.key, state]))))
      .catch((error: Error) => log.warn({ error: error.message }, 'the state of endpoints cannot be read'))
      .finally(() => (this.#reading = false));
  }
}

/** What an endpoint's health learns from a failure. */
export function endOf(failure: Failure): CallEnd {
  const asked = failure.details?.['retry_after_ms'];
  if (failure.code === 'model_rate_limited' || failure.code === 'model_overloaded') {
    return { kind: 'limited', pauseMs: Math.min(typeof asked === 'number' ? asked : PAUSE_MS, LONGEST_PAUSE_MS) };
  }
  const down = ['model_unavailable', 'model_timeout', 'model_unreachable', 'model_connection_lost'];
  return { kind: down.includes(failure.code) ? 'failed' : 'other' };
}
