import { type Database, releaseAbandoned } from '@writ/database';
import type { RunId, TenantId, WorkerId } from '@writ/kernel';
import { defectIn, type RunDefect } from './run-defect';

const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 60_000;
/** How often a run with a defect is tried in the same place before it is taken out. */
const TRIES = 4;
/** A journal that a newer build wrote is left to that build for so long: builds roll one by one. */
const NEWER_BUILD_MS = 300_000;

interface Setback {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly failures: number;
  readonly released: boolean;
  /** Epoch milliseconds before which it is left alone here, whoever rings. */
  readonly wakeAt: number;
  /** The defect met, where in the journal, how often there, and since when (epoch milliseconds). */
  readonly defect: {
    readonly is: RunDefect;
    readonly seq: number;
    readonly times: number;
    readonly since: number;
  } | null;
}

interface Place {
  readonly tenant: TenantId;
  readonly run: RunId;
  /** First event that is not in the journal; null when the run could not even be taken. */
  readonly seq: number | null;
  readonly now: number;
}

const keyOf = ({ tenant, run }: Pick<Place, 'tenant' | 'run'>): string => `${tenant}/${run}`;

/**
 * Runs that this process could not go on leading. Their leases must be given back, or nobody else would look; each is
 * looked at again later every time it fails. One that fails by its own defect in the same place again and again is
 * hopeless: it goes to quarantine, and does not come round for ever.
 */
export class Setbacks {
  readonly #runs = new Map<string, Setback>();

  constructor(
    private readonly db: Database,
    private readonly worker: WorkerId,
  ) {}

  /** Leading a run failed. Also when the claim itself did: its answer may be lost, and the lease ours without our knowing. */
  add(place: Place, error: unknown): void {
    const { tenant, run, seq, now } = place;
    const before = this.#runs.get(keyOf(place));
    const is = defectIn(error);
    const same = before?.defect?.seq === seq ? before.defect : null;
    const defect =
      is === null || seq === null ? null : { is, seq, times: (same?.times ?? 0) + 1, since: same?.since ?? now };
    const failures = (before?.failures ?? 0) + 1;
    const wakeAt = now + Math.min(LONGEST_LOOK_MS, FIRST_LOOK_MS * 2 ** Math.min(failures - 1, 10));
    this.#runs.set(keyOf(place), { tenant, run, failures, released: false, wakeAt, defect });
  }

  /** The defect for which a run that stands here is to be taken out; null while it is worth another try. */
  hopeless({ seq, now, ...of }: Place): RunDefect | null {
    const defect = this.#runs.get(keyOf(of))?.defect;
    if (!defect || defect.seq !== seq || defect.times < TRIES) return null;
    return defect.is.forNewerBuild && now - defect.since < NEWER_BUILD_MS ? null : defect.is;
  }

  /** Whether it failed so lately that another try would be too soon. */
  tooSoon(key: string, now: number): boolean {
    return now < (this.#runs.get(key)?.wakeAt ?? 0);
  }

  /** It is led again, or over. */
  forget(of: Pick<Place, 'tenant' | 'run'>): void {
    this.#runs.delete(keyOf(of));
  }

  /** Gives back what this process may still hold of runs it does not lead. */
  async release(isLed: (key: string) => boolean): Promise<void> {
    for (const [key, setback] of this.#runs) {
      if (setback.released || isLed(key)) continue;
      const { tenant, run, wakeAt } = setback;
      const { worker } = this;
      await this.db.withTenant(tenant, (tx) => releaseAbandoned(tx, { tenant, run, worker, wakeAt }));
      this.#runs.set(key, { ...setback, released: true });
    }
  }
}
