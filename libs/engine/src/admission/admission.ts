import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Failure, RunId, TenantId } from '@writ/kernel';
import type { Admissions, RunLoad, TenantLoad } from '@writ/database';
import { logger } from '@writ/telemetry';
import { Started } from './started';

/** What a start becomes: led as soon as somebody can, put in its tenant's line, or refused. */
export type Entry = 'now' | 'in_line' | 'busy';

type Heard = (tenant: TenantId, run: RunId) => void;

/** Runs let in by one look at the lines. */
const MOST = 256;
/**
 * Between two looks of one process while somebody stands in line: longer each time that nobody could be let in. A worker
 * has a quarter more runs than places at hand meanwhile; each look costs the database two milliseconds.
 */
const BREATH_MS = { first: 20, most: 200 };
const FRESH_MS = 1_000;
/** When what was seen is half used up, it is looked at again sooner. */
const SPENT_MS = 50;
/** Looking may take this part of the time at most, counting lines to their end once more as much. */
const LOOKING = 0.05;
/** A look counts a line so far; what is longer is counted to its end less often, for that takes the longer the longer it is. */
const SHORT_LINE = 1_000;
/** Until a worker says how many places it has, room is judged as if there were one of the usual size. */
const USUAL_PLACES = 64;
/** As in `writ.admit_runs`: a quarter more than there are places. */
const AHEAD = 1.25;
/** Who stands behind so many of its own, for each place there is, begins no later for joining them a little later. */
const LONG_LINE = 4;
/** A start into such a line is answered after so many times as long again as it took, at most that long. */
const PACE = { times: 4, mostMs: 250 };
/** A tenant that started something so long ago still counts as one that comes here. */
const COMES_MS = 5_000;

const NOTHING: TenantLoad = {
  active: 0,
  inLine: 0,
  waitedMs: 0,
  linedUpMs: 0,
  weight: 1,
  mostActive: null,
  mostInLine: 100_000,
};
const log = logger('admission');
const isUnderWay = ({ active, inLine }: TenantLoad): boolean => active + inLine > 0;

interface Seen {
  readonly at: number;
  readonly tookMs: number;
  readonly load: RunLoad;
  readonly active: number;
  /** Sum of the weights of everybody with something under way. */
  readonly weights: number;
}

/** Lines as they were when they were last counted to their end. */
interface Counted {
  readonly at: number;
  readonly tookMs: number;
  readonly load: RunLoad;
}

/**
 * Who is led now and who waits their turn. The lines are in Postgres and `writ.admit_runs` alone lets anybody in; here is
 * what one process last saw of them, by which it judges a start without asking. It may judge by a second-old view: a run
 * too many is admitted, or one stands in line that need not; the next look puts it right. Nothing is ever lost by it.
 */
export class Admission {
  #seen: Seen | null = null;
  #counted: Counted | null = null;
  /** Starts of this process that went into a line since lines were counted to their end. */
  readonly #linedUp = new Map<TenantId, number>();
  /** Starts of this process since it last looked. */
  #since = new Started();
  /** Those from before the look that is under way: what is seen does not hold them yet. */
  #before = new Started();
  /** When each tenant last started something in this process. */
  readonly #came = new Map<TenantId, number>();
  #looking: Promise<void> | null = null;
  #letting: Promise<void> | null = null;
  #again = false;
  #lines = false;
  #closed = false;
  #ring: Heard = () => undefined;

  constructor(
    private readonly store: Admissions,
    private readonly clock: Clock,
  ) {}

  /** Where runs go that were let in. One listener; it must not throw. */
  onAdmitted(ring: Heard): void {
    this.#ring = ring;
  }

  /** Whether somebody stood in line when this process last looked. */
  get lines(): boolean {
    return this.#lines;
  }

  weightOf(tenant: TenantId): number {
    return this.#loadOf(tenant).weight;
  }

  /** Whether a run that starts where it is led may begin at once: it overtakes nobody, and its tenant has no limit reached. */
  mayBegin(tenant: TenantId, led: number): boolean {
    const { mostActive } = this.#loadOf(tenant);
    return this.#inLine(tenant) === 0 && (mostActive === null || led < mostActive);
  }

  /** Judges a start that is to be led elsewhere, and counts it. Answers from memory; looks again behind the caller's back. */
  enter(tenant: TenantId): Entry {
    void this.refresh(tenant);
    this.#came.set(tenant, this.clock.monotonic());
    const entry = this.#judge(tenant);
    if (entry === 'busy') return entry;
    this.#since.add(tenant, entry);
    if (entry === 'in_line') this.#linedUp.set(tenant, (this.#linedUp.get(tenant) ?? 0) + 1);
    return entry;
  }

  /**
   * How long (ms) the answer to a start into a line is held back, so that whoever sends the next one upon it leaves some of
   * this process, and of the database, to others. None while nobody else comes, nor where its runs might begin later by it.
   */
  paceMs(tenant: TenantId, tookMs: number): number {
    const isAlone = this.#came.size < 2 || this.#inLine(tenant) < LONG_LINE * this.#places;
    return isAlone ? 0 : Math.min(PACE.mostMs, PACE.times * tookMs);
  }

  #judge(tenant: TenantId): Entry {
    const load = this.#loadOf(tenant);
    const inLine = this.#inLine(tenant);
    const active = load.active + this.#startedNow(tenant);
    if (inLine === 0 && (load.mostActive === null || active < load.mostActive)) {
      if ((this.#seen?.active ?? 0) + this.#startedNow() < this.#places) return 'now';
      if (active + 1 <= this.#shareOf(tenant)) return 'now';
    }
    return inLine >= load.mostInLine ? 'busy' : 'in_line';
  }

  /** How many runs may be led or about to be, over all workers. */
  get #places(): number {
    return Math.ceil((this.#seen?.load.places || USUAL_PLACES) * AHEAD);
  }

  #shareOf(tenant: TenantId): number {
    return (this.#places * this.#loadOf(tenant).weight) / this.#weights(tenant);
  }

  /** Sum of the weights of everybody with something under way, the tenant among them. */
  #weights(tenant: TenantId): number {
    const load = this.#loadOf(tenant);
    return (this.#seen?.weights ?? 0) + (isUnderWay(load) ? 0 : load.weight);
  }

  #loadOf(tenant: TenantId): TenantLoad {
    return this.#seen?.load.tenants.get(tenant) ?? NOTHING;
  }

  #inLine(tenant: TenantId): number {
    return this.#loadOf(tenant).inLine + this.#since.of(tenant).inLine + this.#before.of(tenant).inLine;
  }

  /** Of a tenant, or of all. */
  #startedNow(tenant?: TenantId): number {
    if (tenant === undefined) return this.#since.now + this.#before.now;
    return this.#since.of(tenant).now + this.#before.of(tenant).now;
  }

  /** A refusal that is neither a denial nor a spent budget: the same request may succeed later. */
  busy(tenant: TenantId): Failure {
    const { linedUpMs, mostInLine } = this.#loadOf(tenant);
    return {
      code: 'busy',
      class: 'transient',
      message: `${mostInLine} runs of this tenant already wait for their turn`,
      next: 'Send the same request again after the time that Retry-After names.',
      details: { retry_after_s: Math.min(60, Math.max(1, Math.ceil(linedUpMs / 10_000))) },
    };
  }

  /** A run has come to the line. One that wants another place in it than the last is moved there before anybody is let in. */
  async lineUp({ tenant, run }: { readonly tenant: TenantId; readonly run: RunId }, priority: number): Promise<void> {
    if (priority !== 0) await this.store.setPriority(tenant, run, priority);
    this.letIn();
  }

  /** A place is free, or somebody came: let in who is next. Returns at once; what is already under way is not repeated. */
  letIn(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#letting ??= this.#letAll().finally(() => (this.#letting = null));
  }

  async #letAll(): Promise<void> {
    for (let breath = BREATH_MS.first; this.#again && !this.#closed; await sleep(breath)) {
      this.#again = false;
      breath = Math.min(breath * 2, BREATH_MS.most);
      try {
        const { runs, more } = await this.store.admit(MOST);
        this.#lines = more;
        for (const { tenant, run } of runs) this.#ring(tenant, run);
        this.#again ||= runs.length >= MOST;
        if (runs.length > 0) breath = BREATH_MS.first;
      } catch (error) {
        // The next place that gets free, and at the latest the next sweep, tries again.
        log.warn({ error: (error as Error).message }, 'nobody could be let in');
      }
    }
  }

  /** Looks at the lines now. Never rejects: what was seen before stands until the database answers again. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const from = this.clock.monotonic();
    // What is started from here on may or may not be seen; counted twice for a moment is better than not at all.
    this.#before = this.#since;
    this.#since = new Started();
    for (const [tenant, at] of this.#came) if (from - at > COMES_MS) this.#came.delete(tenant);
    try {
      const load = await this.#loads(from);
      const at = this.clock.monotonic();
      let active = 0;
      let inLine = 0;
      let weights = 0;
      for (const each of load.tenants.values()) {
        active += each.active;
        inLine += each.inLine;
        if (isUnderWay(each)) weights += each.weight;
      }
      const tookMs = this.#counted?.load === load ? (this.#seen?.tookMs ?? 0) : at - from;
      this.#seen = { at, tookMs, load, active, weights };
      this.#lines ||= inLine > 0;
    } catch (error) {
      this.#since.join(this.#before);
      log.warn({ error: (error as Error).message }, 'the lines could not be looked at');
    } finally {
      this.#before = new Started();
    }
  }

  /** What there is, with lines counted to their end when that is due, or else as long as they are known to be. */
  async #loads(from: number): Promise<RunLoad> {
    const counted = this.#counted;
    if (!counted) return this.#count(from);
    const isDue = from - counted.at >= Math.max(FRESH_MS, counted.tookMs / LOOKING);
    if (isDue && this.#seesLong()) return this.#count(from);
    const load = await this.store.load(SHORT_LINE);
    const tenants = new Map<TenantId, TenantLoad>();
    for (const [tenant, each] of load.tenants) tenants.set(tenant, this.#asLongAsKnown(tenant, each));
    return { places: load.places, tenants };
  }

  async #count(from: number): Promise<RunLoad> {
    this.#linedUp.clear();
    const load = await this.store.load();
    const at = this.clock.monotonic();
    this.#counted = { at, tookMs: at - from, load };
    return load;
  }

  #seesLong(): boolean {
    return [...(this.#seen?.load.tenants.values() ?? [])].some(({ inLine }) => inLine >= SHORT_LINE);
  }

  #asLongAsKnown(tenant: TenantId, seen: TenantLoad): TenantLoad {
    const known = this.#counted?.load.tenants.get(tenant);
    if (!known || seen.inLine < SHORT_LINE) return seen;
    const inLine = Math.max(seen.inLine, known.inLine + (this.#linedUp.get(tenant) ?? 0));
    return { ...seen, inLine, linedUpMs: Math.max(seen.linedUpMs, known.linedUpMs) };
  }

  /**
   * Looks again when what was seen is old, or half used up: of all places, or of what a tenant may have. What this process
   * has started since counts as led until it looks, also what has ended meanwhile.
   */
  async refresh(tenant?: TenantId): Promise<void> {
    const seen = this.#seen;
    if (seen) {
      const age = this.clock.monotonic() - seen.at;
      const isSpent =
        this.#startedNow() * 2 > Math.max(1, this.#places - seen.active) ||
        (tenant !== undefined && this.#isSpent(tenant));
      const due = Math.max(isSpent ? SPENT_MS : FRESH_MS, seen.tookMs / LOOKING);
      if (age < due) return;
    }
    await this.look();
  }

  #isSpent(tenant: TenantId): boolean {
    const { active, mostActive } = this.#loadOf(tenant);
    const most = Math.min(this.#shareOf(tenant), mostActive ?? Infinity);
    const { now, inLine } = this.#since.of(tenant);
    return inLine > 0 || now * 2 > Math.max(1, most - active);
  }

  /** What was last seen, for whoever shows it; null before the first look. */
  get load(): RunLoad | null {
    return this.#seen?.load ?? null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#letting, this.#looking]);
  }
}
