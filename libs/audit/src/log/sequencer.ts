import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@writ/database';
import { type Failure, newId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { type LogFaults, noLogFaults } from './faults';
import type { KeyRing } from './key-ring';
import { beatLease, claimLease, type Claimed, type Lease, LeaseLost, noteRefusal, releaseLease } from './lease';
import { Leadership } from './leadership';
import type { OutsideCheckpoints } from './outside';
import { KeyMissing } from './signers';

export interface SequencerOptions {
  /** Milliseconds between two looks for new events. */
  readonly lookMs: number;
  /** Least milliseconds from the begin of one round to the begin of the next: a busy log is signed a few times a second. */
  readonly roundMs: number;
  /** Milliseconds between two signs of life of a leader without rounds, and between two claims of those who stand by. */
  readonly beatMs: number;
  readonly standByMs: number;
  /** How long somebody who cannot sign lets others try. */
  readonly asideMs: number;
}

const DEFAULT_SEQUENCER: SequencerOptions = {
  lookMs: 100,
  roundMs: 350,
  beatMs: 1_000,
  standByMs: 500,
  asideMs: 3_000,
};

export interface SequencerParts {
  /** Under the sequencer role. */
  readonly db: Database;
  readonly ring: KeyRing;
  readonly outside: OutsideCheckpoints;
  readonly faults?: LogFaults;
  readonly options?: Partial<SequencerOptions>;
  /** Units a round seals at most. */
  readonly units?: number;
}

const log = logger('audit.log');

/**
 * Seals the evidence of all tenants into their logs. Every worker process has one of these; the lease lets one of them
 * lead and the others stand by, and its epoch fences whoever believes to lead still.
 *
 * One for all tenants, not one each: a round costs its transaction and its flush whether it serves one log or a thousand,
 * and what is found in one scan need not be looked for per tenant. A leader that dies delays all logs by the lease's
 * three seconds, which is below what the lag breaker allows.
 */
export class Sequencer {
  readonly #owner = newId('worker');
  readonly #options: SequencerOptions;
  #running: Promise<void> | null = null;
  readonly #stop = new AbortController();
  #leading = false;

  constructor(private readonly parts: SequencerParts) {
    this.#options = { ...DEFAULT_SEQUENCER, ...parts.options };
    // A key source that cannot be used is a fault of the set-up: it shows at the start, not at the first event.
    parts.ring.keys();
  }

  /** Whether this process seals the logs at the moment. */
  get leading(): boolean {
    return this.#leading;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the round under way, gives the lease back, and keeps the newest checkpoints outside. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.parts.outside.close();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let pause = this.#options.standByMs;
      try {
        const claimed = await claimLease(this.parts.db, this.#owner);
        if (claimed) pause = await this.#lead(claimed);
      } catch (error) {
        this.#complain(error);
      }
      this.#leading = false;
      await this.#pause(pause);
    }
  }

  /** Leads until the lease is lost or nothing can be signed; answers how long to wait before the next claim. */
  async #lead(claimed: Claimed): Promise<number> {
    const { db, outside, ring } = this.parts;
    const { lease } = claimed;
    const unfit = unfitToSign(claimed, ring);
    if (unfit) {
      if (unfit.code !== claimed.refusal?.code) log.error({ ...unfit }, 'no log is signed');
      await releaseLease(db, lease, unfit);
      return this.#options.asideMs;
    }
    try {
      if (claimed.refusal) await noteRefusal(db, lease, null);
      const leadership = new Leadership(
        {
          db,
          ring,
          outside,
          faults: this.parts.faults ?? noLogFaults,
          ...(this.parts.units && { units: this.parts.units }),
        },
        lease,
      );
      await leadership.begin();
      this.#leading = true;
      await this.#seal(lease, leadership);
      await releaseLease(db, lease, null);
      return 0;
    } catch (error) {
      if (error instanceof KeyMissing) {
        log.error({ ...error.failure }, 'no log is signed');
        await releaseLease(db, lease, error.failure);
        return this.#options.asideMs;
      }
      if (error instanceof LeaseLost) {
        log.info({ epoch: lease.epoch }, 'another process seals the logs now');
        return this.#options.standByMs;
      }
      throw error;
    }
  }

  async #seal(lease: Lease, leadership: Leadership): Promise<void> {
    let beaten = performance.now();
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const looked = await leadership.look();
      if (looked.work) {
        await leadership.round();
        beaten = performance.now();
        await this.#pause(Math.max(0, this.#options.roundMs - (performance.now() - began)));
        continue;
      }
      if (began - beaten >= this.#options.beatMs) {
        await beatLease(this.parts.db, lease, looked.at);
        await leadership.watch();
        beaten = began;
      }
      await this.#pause(this.#options.lookMs);
    }
    // What was written until the end is sealed before the process goes; nobody may come after it.
    if ((await leadership.look()).work) await leadership.round();
  }

  #complain(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { code } = error as { code?: string };
    // A claim that meets a round of somebody else's waits a second and leaves it at that.
    if (code === '55P03') return;
    log.warn({ error: (error as Error).message, code }, 'sealing the logs was interrupted; it goes on');
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/** What forbids signing any log here, known at the claim. */
function unfitToSign(claimed: Claimed, ring: KeyRing): Failure | null {
  if (claimed.cluster !== claimed.here || claimed.numbersBehind) {
    return {
      code: 'log_elsewhere',
      class: 'permanent',
      message:
        'The logs were last signed on another Postgres server: this database is a copy or was restored from a dump.',
      next: 'If it takes the other’s place, open the logs anew: `writ audit recover --reason …`.',
      details: { server: claimed.here, signed_on: claimed.cluster },
    };
  }
  const { refusal } = claimed;
  const { origin, key_id: keyId } = refusal?.details ?? {};
  const missing = refusal?.code === 'log_key_missing' && typeof origin === 'string' && typeof keyId === 'string';
  return missing && !ring.find(origin, keyId) ? refusal : null;
}
