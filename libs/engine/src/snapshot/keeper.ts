import type { Database } from '@writ/database';
import { logger } from '@writ/telemetry';
import type { RunId, TenantId } from '@writ/kernel';
import type { Holdings } from '../budget/holdings';
import type { EvidenceScope } from '../evidence';
import type { RunState } from '../state';
import { dropSnapshot, keepSnapshot } from './rows';
import { snapshotDigest, snapshotText } from './snapshot';
import { FOLD_VERSION } from './state-text';

/** Events between two snapshots of a run, at least. A shorter run never has one. */
export const SNAPSHOT_EVERY = 1_000;
/** Characters a snapshot may have. What is larger is folded again: reading it would cost no less. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
const log = logger('snapshots');

/** A run in memory, as far as a snapshot is of it. */
export interface KeptRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly state: RunState;
  /** First sequence not committed yet; and the same of its evidence. */
  readonly seq: number;
  readonly chain: { readonly seq: number };
  readonly pending: { readonly audits: readonly unknown[] };
  readonly scope: EvidenceScope;
  readonly holdings: Holdings;
}

/** How a run stood when a unit was in. */
interface Behind {
  /** Its lease goes back: whoever takes it next will want to read little. */
  readonly resting: boolean;
  readonly over: boolean;
}

/**
 * Keeps the state of one long run now and then, beside its journal: behind every so many events when it comes to rest,
 * and while it goes on at distances that grow with it, so that what it writes stays a part of what its journal is.
 * Nothing waits for it, and nothing is lost with it: the journal is the truth.
 */
export class SnapshotKeeper {
  #saving: Promise<void> | null = null;

  /** `last` is the first event that the newest snapshot knows nothing of; 0 without one. */
  constructor(
    private readonly db: Database,
    private readonly every: number,
    private last = 0,
  ) {}

  /** A unit of the run is in. Every unit of every run comes here: nearly all leave with the first comparison. */
  committed(held: KeptRun, behind: Behind): void {
    if (behind.over) {
      if (this.last > 0) this.#begin(() => this.#drop(held));
      return;
    }
    const since = held.seq - this.last;
    if (since < this.every || (!behind.resting && since < this.last / 2)) return;
    // Facts that are not committed yet are in the state already: it is nobody's prefix.
    if (this.#saving || held.state.seq !== held.seq || held.pending.audits.length > 0) return;
    this.#begin(this.#save(held));
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  #begin(work: () => Promise<void>): void {
    const before = this.#saving ?? Promise.resolve();
    const saving = before
      .then(work)
      .catch((error: unknown) => log.warn({ error }, 'a snapshot could not be kept; the journal is enough'))
      .finally(() => {
        if (this.#saving === saving) this.#saving = null;
      });
    this.#saving = saving;
  }

  /** The text is made at once, while the state is what was committed; writing it comes after. */
  #save(held: KeptRun): () => Promise<void> {
    const { tenant, run, seq, state, scope, chain } = held;
    this.last = seq;
    const context = scope.contexts.get('') ?? null;
    const body = snapshotText({ state, held: held.holdings.held, declared: scope.declared, context });
    if (body.length > MOST_CHARACTERS) return () => Promise.resolve();
    const digest = snapshotDigest({ run, seq, body });
    const kept = { tenant, run, seq, auditSeq: chain.seq, fold: FOLD_VERSION, digest, body };
    return () => this.db.withTenant(tenant, (tx) => keepSnapshot(tx, kept));
  }

  #drop({ tenant, run }: KeptRun): Promise<void> {
    this.last = 0;
    return this.db.withTenant(tenant, (tx) => dropSnapshot(tx, tenant, run));
  }
}
