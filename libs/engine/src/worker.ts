import type { RunId, TenantId } from '@writ/kernel';
import { beat, claimRun, type PolledMail, pollMail, releaseAbandoned, releaseWorker, sweep } from '@writ/database';
import { currentTrace, inSpan, logger, newTrace, openSpan, type TraceRef } from '@writ/telemetry';
import { advance, type RunEventWithMail } from './advance';
import type { EngineContext } from './context';
import type { HeldRun } from './held-run';
import { loadRun } from './load';
import { mailEvent } from './mail';
import { quarantine } from './quarantine';
import type { AdvanceEnd } from './standing';
import type { WakeUp } from './wake-up';

export interface WorkerOptions {
  /** Runs led at once. */
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly sweepMs: number;
  readonly mailMs: number;
}

export const DEFAULT_WORKER: WorkerOptions = { concurrency: 64, heartbeatMs: 2_000, sweepMs: 1_000, mailMs: 250 };

interface FailedLease {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly failures: number;
  readonly released: boolean;
}

const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 60_000;
const log = logger('worker');
const keyOf = (tenant: TenantId, run: RunId): string => `${tenant}/${run}`;

/**
 * Leads runs: takes those the doorbell or the sweeper names, advances each until it ends or rests. Any number of
 * workers may run; the lease decides which of them leads a run. Losing every doorbell loses no run, only time.
 */
export class Worker {
  readonly #leading = new Map<string, { readonly held: HeldRun | null; readonly inbox: RunEventWithMail[] }>();
  readonly #waiting = new Map<string, { readonly tenant: TenantId; readonly run: RunId }>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #busy = new Set<Promise<void>>();
  /** Leases of runs this process could not go on leading: they must be given back, or nobody else would look. */
  readonly #failed = new Map<string, FailedLease>();
  #draining = false;

  constructor(
    readonly ctx: EngineContext,
    readonly wakeUp: WakeUp,
    readonly options: WorkerOptions = DEFAULT_WORKER,
  ) {}

  get leading(): number {
    return this.#leading.size;
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#every(this.options.heartbeatMs, () => this.#beat());
    this.#every(this.options.sweepMs, () => this.#sweep());
    this.#every(this.options.mailMs, () => this.#mail());
    await this.wakeUp.listen((tenant, run) => this.ring(tenant, run));
    await this.#sweep();
  }

  /** Stops taking runs, lets the steps under way finish and gives the leases back; past `graceMs` the rest is left to others. */
  async drain(graceMs = 10_000): Promise<void> {
    this.#draining = true;
    this.#waiting.clear();
    this.#timers.splice(0).forEach((timer) => clearInterval(timer));
    await this.wakeUp.close();
    const beating = setInterval(() => void this.#beat().catch(() => undefined), this.options.heartbeatMs);
    const grace = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.allSettled([...this.#busy]), grace]);
    clearInterval(beating);
    await releaseWorker(this.ctx.db, this.ctx.worker);
  }

  /** The doorbell: have a look at this run. Rings for a run already led here are its own business. */
  ring(tenant: TenantId, run: RunId): void {
    const key = keyOf(tenant, run);
    if (this.#draining || this.#leading.has(key)) return;
    if (this.#leading.size >= this.options.concurrency) {
      this.#waiting.set(key, { tenant, run });
      return;
    }
    this.#lead(key, () => this.#take(tenant, run));
  }

  /** Leads a run that this process has just created and holds the lease of. */
  adopt(held: HeldRun): Promise<AdvanceEnd> {
    const key = keyOf(held.tenant, held.run);
    return new Promise((resolve, reject) => {
      this.#lead(key, async () => {
        try {
          const end = await this.#advance(key, held);
          resolve(end);
        } catch (error) {
          if (!held.create) this.#giveUp(held);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  get hasRoom(): boolean {
    return !this.#draining && this.#leading.size < this.options.concurrency;
  }

  #lead(key: string, work: () => Promise<void>): void {
    this.#leading.set(key, { held: null, inbox: [] });
    const done = work()
      .catch((error: unknown) => log.error({ run: key, error }, 'leading a run failed; the sweeper will look again'))
      .finally(() => {
        this.#leading.delete(key);
        this.#busy.delete(done);
        const [next] = this.#waiting;
        if (next) {
          this.#waiting.delete(next[0]);
          this.ring(next[1].tenant, next[1].run);
        }
      });
    this.#busy.add(done);
  }

  async #take(tenant: TenantId, run: RunId): Promise<void> {
    const { db, worker, clock } = this.ctx;
    try {
      const claimed = await claimRun(db, { tenant, run, worker });
      if (!claimed) return;
      const held = await loadRun({ db, claimed, worker, now: clock.now() });
      const mail = await pollMail(db, [{ tenant, run }]);
      await this.#advance(keyOf(tenant, run), held, mail);
    } catch (error) {
      // Also when the claim itself failed: its answer may be lost, and the lease ours without our knowing.
      this.#giveUp({ tenant, run });
      throw error;
    }
  }

  /** The lease goes back with the next sweep, and the run is looked at again later each time it fails. */
  #giveUp({ tenant, run }: { readonly tenant: TenantId; readonly run: RunId }): void {
    const key = keyOf(tenant, run);
    const failures = (this.#failed.get(key)?.failures ?? 0) + 1;
    this.#failed.set(key, { tenant, run, failures, released: false });
  }

  async #releaseFailed(): Promise<void> {
    for (const [key, lease] of this.#failed) {
      if (lease.released || this.#leading.has(key)) continue;
      const { tenant, run, failures } = lease;
      const delay = Math.min(LONGEST_LOOK_MS, FIRST_LOOK_MS * 2 ** Math.min(failures - 1, 10));
      const wakeAt = this.ctx.clock.now() + delay;
      const { worker } = this.ctx;
      await this.ctx.db.withTenant(tenant, (tx) => releaseAbandoned(tx, { tenant, run, worker, wakeAt }));
      this.#failed.set(key, { ...lease, released: true });
    }
  }

  async #advance(key: string, held: HeldRun, mail: readonly PolledMail[] = []): Promise<AdvanceEnd> {
    const inbox: RunEventWithMail[] = mail.map((letter) => mailEvent(letter, this.ctx.clock.now()));
    this.#leading.set(key, { held, inbox });
    const attributes = { run: held.run, tenant: held.tenant, workflow: held.state.started.workflow };
    const span = openSpan('run', attributes, traceOf(held));
    held.scope.spanId = span.ref.spanId;
    try {
      const end = await inSpan(span, () => advance(this.ctx, held, () => (this.#stopping(held), inbox.splice(0))));
      if (end.kind === 'poisoned') await quarantine(this.ctx, held, end.detail);
      this.#failed.delete(key);
      return end;
    } finally {
      span.end();
    }
  }

  /** A draining worker lets a run go between two steps. */
  #stopping(held: HeldRun): void {
    if (this.#draining) held.letGo = true;
  }

  async #beat(): Promise<void> {
    await beat(this.ctx.db, this.ctx.worker, this.ctx.build);
  }

  async #sweep(): Promise<void> {
    await this.#releaseFailed();
    const room = this.options.concurrency - this.#leading.size - this.#waiting.size;
    if (this.#draining || room <= 0) return;
    const found = await sweep(this.ctx.db, { limit: room });
    for (const { tenant, run } of found) this.ring(tenant, run);
  }

  async #mail(): Promise<void> {
    const led = [...this.#leading.values()].flatMap(({ held }) =>
      held ? [{ tenant: held.tenant, run: held.run }] : [],
    );
    if (led.length === 0) return;
    for (const letter of await pollMail(this.ctx.db, led)) {
      const leading = this.#leading.get(keyOf(letter.tenant, letter.run));
      if (!leading?.held) continue;
      const event = mailEvent(letter, this.ctx.clock.now());
      if (leading.held.state.mailSeen.has(event.mail) || leading.inbox.some((seen) => seen.mail === event.mail))
        continue;
      leading.inbox.push(event);
      if (event.type === 'cancel_requested') leading.held.crew.abort(leading.held.state);
      leading.held.crew.nudge();
    }
  }

  #every(ms: number, work: () => Promise<void>): void {
    let running = false;
    this.#timers.push(
      setInterval(() => {
        if (running) return;
        running = true;
        work()
          .catch((error: unknown) => log.warn({ error }, 'a periodic task failed; it runs again'))
          .finally(() => {
            running = false;
          });
      }, ms),
    );
  }
}

/** The run's own trace, whoever rang and however long ago it began: the same id in its spans and in its evidence. */
function traceOf(held: HeldRun): TraceRef | null {
  const { traceId } = held.scope;
  const ambient = currentTrace();
  if (traceId === null || ambient?.traceId === traceId) return ambient;
  return { ...newTrace(), traceId, sampled: true };
}
