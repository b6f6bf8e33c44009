import type { RunId, TenantId } from '@writ/kernel';
import { Admissions, beat, claimRun, type PolledMail, pollMail, releaseWorker, sweep } from '@writ/database';
import { currentTrace, inSpan, logger, newTrace, openSpan, type TraceRef } from '@writ/telemetry';
import { advance } from './advance';
import type { RunEventWithMail } from './events';
import type { EngineContext } from './context';
import type { Admission } from './admission/admission';
import { AskedRuns } from './approvals/asked-runs';
import { sharedBusy } from './admission/busy';
import { FairQueue } from './admission/fair-queue';
import { Places } from './admission/places';
import type { HeldRun } from './held-run';
import { ledAnew } from './held-run';
import { loadRun } from './load';
import { readMail } from './mail';
import { RestedRuns } from './rested/rested-runs';
import { quarantine, quarantineUnled } from './quarantine';
import { Setbacks } from './setbacks';
import { FOLD_VERSION } from './snapshot/state-text';
import type { AdvanceEnd } from './advance-end';
import { abortRevoked } from './stops/revoked';
import { tend } from './budget/tend';
import type { WakeUp } from './wake-up';

export interface WorkerOptions {
  /** Runs led at once. */
  readonly concurrency: number;
  readonly heartbeatMs: number;
  readonly sweepMs: number;
  readonly mailMs: number;
}

export const DEFAULT_WORKER: WorkerOptions = { concurrency: 64, heartbeatMs: 2_000, sweepMs: 1_000, mailMs: 250 };

/** A run that was rung for and has no place yet, and whoever rang. */
interface Rung {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** A sweep names so many at least, one of each tenant first: one that has few may have a place where all are taken. */
const LEAST_SWEPT = 8;
/** How often it is looked whether this thread is all that its runs wait for. */
const LOOK_MS = 250;
const FORGET_MS = 60_000;
const TEND_MS = 1_000;
/** Between two looks for what is due while more is due than one look names. */
const BREATH_MS = 20;
const log = logger('worker');
const noSweep = (error: unknown): void => log.warn({ error }, 'a sweep failed; it runs again');
const keyOf = (tenant: TenantId, run: RunId): string => `${tenant}/${run}`;

/** A run that is led here; `held` once it is loaded, and null again at its end: the old tables of a map keep its values. */
interface Led {
  held: HeldRun | null;
  readonly inbox: RunEventWithMail[];
  /** Rung for since, and nothing was read that anybody may have rung for. */
  rung: boolean;
}

/**
 * Leads runs: takes those the doorbell or the sweeper names, advances each until it ends or rests. Any number of
 * workers may run; the lease decides which of them leads a run. Losing every doorbell loses no run, only time.
 * Places go to the tenant that has the fewest for its weight (see `Places`).
 */
export class Worker {
  readonly #leading = new Map<string, Led>();
  readonly #places: Places;
  readonly #waiting = new FairQueue<Rung>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #setbacks: Setbacks;
  readonly #rested: RestedRuns;
  #sweeping: Promise<void> | null = null;
  /** Somebody asked for another look while one was under way. */
  #sweepAgain = false;
  /** The last look named as many as it may: more is due. */
  #moreDue = false;
  #sweptAt = 0;
  readonly #asked = new AskedRuns();
  #draining = false;
  #unhear: (() => void) | null = null;

  constructor(
    readonly ctx: EngineContext,
    readonly wakeUp: WakeUp,
    readonly admission: Admission,
    readonly options: WorkerOptions = DEFAULT_WORKER,
  ) {
    this.#setbacks = new Setbacks(ctx.db, ctx.worker);
    const { concurrency } = options;
    this.#rested = new RestedRuns(concurrency);
    const weightOf = (tenant: TenantId): number => admission.weightOf(tenant);
    const busy = sharedBusy(ctx.writer, ctx.clock);
    this.#places = new Places({ concurrency, weightOf, now: () => ctx.clock.monotonic(), busy });
    admission.onAdmitted((tenant, run) => this.#admitted(tenant, run));
  }

  get leading(): number {
    return this.#leading.size;
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#every(this.options.heartbeatMs, () => this.#beat());
    this.#every(this.options.sweepMs, () => this.#sweep());
    this.#every(this.options.mailMs, () => this.#mail());
    this.#every(LOOK_MS, () => Promise.resolve(this.#places.look(this.#waiting.sizes())));
    this.#every(FORGET_MS, () => this.#forget());
    this.#every(TEND_MS, () => tend(this.ctx));
    this.#unhear = this.ctx.authority.onChange((tenant) => this.#changed(tenant));
    await this.wakeUp.listen((tenant, run, letters) => this.ring(tenant, run, letters));
    await this.#sweep();
    await this.#forget();
  }

  /** Stops taking runs, lets the steps under way finish and gives the leases back; past `graceMs` the rest is left to others. */
  async drain(graceMs = 10_000): Promise<void> {
    this.#draining = true;
    for (const rung of this.#waiting.drain()) rung.settle();
    for (const { held } of this.#leading.values()) held?.crew.nudge();
    this.#unhear?.();
    this.#timers.splice(0).forEach((timer) => clearInterval(timer));
    await this.wakeUp.close();
    const beating = setInterval(() => void this.#beat().catch(() => undefined), this.options.heartbeatMs);
    const grace = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
    await Promise.race([Promise.allSettled([...this.#busy]), grace]);
    clearInterval(beating);
    await releaseWorker(this.ctx.db, this.ctx.worker);
  }

  /** The doorbell: have a look at this run. One already led here reads its mail, or has another look once it rests. */
  ring(tenant: TenantId, run: RunId, letters: readonly PolledMail[] = []): Promise<void> {
    const key = keyOf(tenant, run);
    const led = this.#leading.get(key);
    if (led) led.rung = true;
    if (this.#draining || led) return Promise.resolve();
    if (this.#setbacks.tooSoon(key, this.ctx.clock.now())) return Promise.resolve();
    const waits = this.#waiting.get(tenant, key);
    if (waits) return waits.settled;
    if (this.#share(tenant) !== null && !this.#waiting.holds(tenant)) {
      return this.#lead(tenant, key, () => this.#goOn(tenant, run, letters));
    }
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    this.#waiting.add(tenant, key, { tenant, run, settled, settle });
    return settled;
  }

  /** Let in by this process: led here while there is a place, otherwise by whoever hears the bell. */
  #admitted(tenant: TenantId, run: RunId): void {
    if (this.hasRoomFor(tenant)) void this.ring(tenant, run);
    else void this.wakeUp.ring(tenant, run);
  }

  #share(tenant: TenantId): number | null {
    return this.#draining ? null : this.#places.share(tenant);
  }

  /** Leads a run that this process creates with its lease. Of one id it leads one; another is not begun before that one is made. */
  adopt(held: HeldRun): Promise<AdvanceEnd> {
    const key = keyOf(held.tenant, held.run);
    const led = this.#leading.get(key);
    if (led) return Promise.resolve({ kind: led.held?.create === null ? 'exists' : 'stale_start' });
    return new Promise((resolve, reject) => {
      void this.#lead(held.tenant, key, async () => {
        try {
          const end = await this.#advance(key, held);
          resolve(end);
        } catch (error) {
          const { tenant, run, seq } = held;
          if (!held.create) this.#setbacks.add({ tenant, run, seq, now: this.ctx.clock.now() }, error);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Whether a run of this tenant would be led at once and overtake nobody. */
  hasRoomFor(tenant: TenantId): boolean {
    return this.#share(tenant) !== null && !this.#waiting.holds(tenant);
  }

  /** The same for a run that starts here: nobody of its tenant stands in line, and it has no limit reached. */
  mayBegin(tenant: TenantId): boolean {
    return this.hasRoomFor(tenant) && this.admission.mayBegin(tenant, this.#places.ledOf(tenant));
  }

  #lead(tenant: TenantId, key: string, work: () => Promise<void>): Promise<void> {
    const led: Led = { held: null, inbox: [], rung: false };
    this.#leading.set(key, led);
    this.#places.take(tenant);
    const done = work()
      .catch((error: unknown) => log.error({ run: key, error }, 'leading a run failed; the sweeper will look again'))
      .finally(() => {
        led.held = null;
        this.#leading.delete(key);
        this.#busy.delete(done);
        this.#leave(tenant);
      });
    this.#busy.add(done);
    return done;
  }

  /** A place is free: for whoever waits here, and for the next in line. */
  #leave(tenant: TenantId): void {
    this.#places.leave(tenant);
    for (let next = this.#next(); next !== null; next = this.#next()) {
      const { run, settle } = next;
      void this.#lead(next.tenant, keyOf(next.tenant, run), () => this.#take(next.tenant, run)).finally(settle);
    }
    if (this.admission.lines) this.admission.letIn();
    // Thousands that fall due together are not led at the pace of the timer.
    const idle = this.#moreDue && this.#leading.size * 2 <= this.options.concurrency;
    if (idle && this.ctx.clock.monotonic() - this.#sweptAt >= BREATH_MS) this.#ringDue().catch(noSweep);
  }

  #next(): { readonly tenant: TenantId; readonly run: RunId; readonly settle: () => void } | null {
    return this.#waiting.size === 0 ? null : this.#waiting.take((tenant) => this.#share(tenant));
  }

  /** From where the run came to rest here, if it did; where that is not how it stands, or not enough, it is claimed. */
  async #goOn(tenant: TenantId, run: RunId, letters: readonly PolledMail[]): Promise<void> {
    const { worker, clock } = this.ctx;
    const key = keyOf(tenant, run);
    const now = clock.now();
    const rested = this.#rested.take(key, now);
    if (rested) {
      const resumes = { from: rested.leaseEpoch, owner: worker };
      const held = ledAnew({ ...rested, leaseEpoch: rested.leaseEpoch + 1, ledSince: now, resumes });
      try {
        await this.#advance(key, held, letters);
      } catch (error) {
        // Without a lease nothing was done, and whoever claims it meets the error anew if it is the run's own.
        if (!held.resumes) {
          this.#setbacks.add({ tenant, run, seq: held.seq, now: clock.now() }, error);
          throw error;
        }
      }
      if (!held.resumes || this.#draining) return;
      const led = this.#leading.get(key)!;
      led.held = null;
      led.inbox.length = 0;
    }
    return this.#take(tenant, run);
  }

  async #take(tenant: TenantId, run: RunId): Promise<void> {
    this.#rested.drop(keyOf(tenant, run));
    const { db, worker, clock, snapshotEvery } = this.ctx;
    let seq: number | null = null;
    try {
      const claimed = await claimRun(db, { tenant, run, worker, fold: FOLD_VERSION });
      if (!claimed) return;
      seq = claimed.nextSeq;
      const hopeless = this.#setbacks.hopeless({ tenant, run, seq, now: clock.now() });
      if (hopeless) {
        await quarantineUnled(this.ctx, claimed, hopeless);
        return this.#setbacks.forget({ tenant, run });
      }
      const budgets = () => this.ctx.authority.current(tenant)?.budgets ?? [];
      const held = await loadRun({ db, claimed, worker, now: clock.now(), budgets, snapshotEvery });
      await this.#advance(keyOf(tenant, run), held, claimed.mail);
    } catch (error) {
      this.#setbacks.add({ tenant, run, seq, now: clock.now() }, error);
      throw error;
    }
  }

  /** A release made runs due, a stop may have to abort calls: nobody waits for the next look. */
  #changed(tenant: TenantId | '*'): void {
    for (const [key, { held }] of this.#leading) {
      if (!held || (tenant !== '*' && held.tenant !== tenant)) continue;
      this.#asked.heard(key);
      abortRevoked(held, this.ctx.authority.current(held.tenant), this.ctx.patienceMs);
      held.crew.unpark();
      held.crew.nudge();
    }
    for (const rested of this.#asked.changed(tenant, this.ctx.clock.now())) void this.ring(rested.tenant, rested.run);
    this.#sweep().catch(noSweep);
  }

  async #advance(key: string, held: HeldRun, mail: readonly PolledMail[] = []): Promise<AdvanceEnd> {
    const led = this.#leading.get(key)!;
    const { inbox } = led;
    inbox.push(...(await Promise.all(mail.map((letter) => readMail(this.ctx.db, letter, this.ctx.clock.now())))));
    led.held = held;
    this.#asked.led(key);
    const attributes = { run: held.run, tenant: held.tenant, workflow: held.state.started.workflow };
    const span = openSpan('run', attributes, traceOf(held));
    held.scope.spanId = span.ref.spanId;
    try {
      const end = await inSpan(span, () => advance(this.ctx, held, () => (this.#stopping(held), inbox.splice(0))));
      if (held.resumes) return end;
      if (end.kind === 'poisoned') await quarantine(this.ctx, held, end.detail);
      this.#setbacks.forget(held);
      if (end.kind === 'final') await this.#report(held);
      await held.keeper.settled();
      if (end.kind === 'resting') this.#rests(key, held, led.rung || inbox.length > 0);
      return end;
    } finally {
      span.end();
    }
  }

  /** On its way to rest it may have missed a change of rights, while people are asked, or what it was rung for. */
  #rests(key: string, held: HeldRun, rung: boolean): void {
    this.#rested.keep(key, held, this.ctx.clock.now());
    const missed = this.#asked.rested(key, held, this.ctx.clock.now());
    if (!missed && !rung) return;
    // Once its place here is given back.
    setImmediate(() => void this.ring(held.tenant, held.run));
  }

  /** A child's report is in its parent's mail already; the ring only makes it read at once. */
  async #report(held: HeldRun): Promise<void> {
    const { parent } = held.state.started;
    if (parent) await this.wakeUp.ring(held.tenant, parent.run);
  }

  /** A draining worker lets a run go between two steps. */
  #stopping(held: HeldRun): void {
    if (this.#draining) held.letGo = true;
  }

  async #beat(): Promise<void> {
    const { worker, build } = this.ctx;
    await beat(this.ctx.db, { worker, build, places: this.options.concurrency });
  }

  /** Rows of workers that died, or left, and hold nothing any more. */
  async #forget(): Promise<void> {
    const forgotten = await new Admissions(this.ctx.db).forgetWorkers();
    if (forgotten > 0) log.info({ forgotten }, 'workers that are gone were removed from the list');
  }

  /** One at a time. Whoever asks during one gets another one after it: the first may have looked too early. */
  #sweep(): Promise<void> {
    this.#sweepAgain = this.#sweeping !== null;
    this.#sweeping ??= this.#sweeps().finally(() => (this.#sweeping = null));
    return this.#sweeping;
  }

  async #sweeps(): Promise<void> {
    do {
      this.#sweepAgain = false;
      this.#rested.forget(this.ctx.clock.now());
      await this.#setbacks.release((key) => this.#leading.has(key));
      this.admission.letIn();
      await this.admission.refresh();
      if (this.#draining) return;
      await this.#ringDue();
    } while (this.#sweepAgain);
  }

  async #ringDue(): Promise<void> {
    const room = this.options.concurrency - this.#leading.size - this.#waiting.size;
    const limit = Math.max(room, LEAST_SWEPT);
    this.#sweptAt = this.ctx.clock.monotonic();
    const found = await sweep(this.ctx.db, { limit });
    this.#moreDue = found.length >= limit;
    for (const { tenant, run } of found) void this.ring(tenant, run);
  }

  async #mail(): Promise<void> {
    const led = [...this.#leading.values()].flatMap(({ held }) =>
      held ? [{ tenant: held.tenant, run: held.run }] : [],
    );
    if (led.length === 0) return;
    for (const letter of await pollMail(this.ctx.db, led)) {
      const event = await readMail(this.ctx.db, letter, this.ctx.clock.now());
      const leading = this.#leading.get(keyOf(letter.tenant, letter.run));
      if (!leading?.held) continue;
      leading.rung = false;
      if (leading.held.state.mailSeen.has(event.mail) || leading.inbox.some((seen) => seen.mail === event.mail))
        continue;
      leading.inbox.push(event);
      if (event.type === 'cancel_requested') leading.held.crew.close(leading.held.state, this.ctx.patienceMs);
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
