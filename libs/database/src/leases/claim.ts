import type { RunId, TenantId, WorkerId } from '@writ/kernel';
import type { Database, Tx } from '../session/database';
import type { PolledMail } from './mail';

/** A run this worker now leads, and where it stands. */
export interface ClaimedRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly leaseEpoch: number;
  readonly nextSeq: number;
  readonly auditSeq: number;
  readonly chainHead: string;
  readonly traceId: string | null;
  /** True when its last holder died leading it. */
  readonly takenOver: boolean;
  /** The newest state kept of a long run, by the rules asked for; null where there is none. */
  readonly snapshot: KeptSnapshot | null;
  /** One canonical JSON per event, in order: the journal, and the evidence, from the snapshot on. */
  readonly journal: readonly string[];
  readonly audit: readonly string[];
  /** Unread, oldest first. */
  readonly mail: readonly PolledMail[];
}

/** A state as it was stored. It may be trusted once `body` hashes to `digest`. */
export interface KeptSnapshot {
  /** The first event that it knows nothing of. */
  readonly seq: number;
  readonly digest: string;
  readonly body: string;
}

/** What a worker asks for. `fold` names the rules by which a snapshot must have been made to be of use. */
export interface Claim {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly worker: WorkerId;
  readonly fold?: number;
}

interface Taken {
  readonly lease_epoch: string;
  readonly next_seq: number;
  readonly audit_seq: number;
  readonly chain_head: string;
  readonly trace_id: string | null;
  readonly taken_over: boolean;
  readonly journal: string | null;
  readonly audit: string | null;
  readonly mail: PolledMail[];
  readonly snapshot: string | null;
  readonly snapshot_seq: number | null;
  readonly snapshot_digest: string | null;
}

/** `place`: of the claim in its group, from 1. Held up: somebody keeps the row locked, so it is not known yet. */
type Answer = { readonly place: number } & (({ readonly held_up: false } & Taken) | { readonly held_up: true });

const lines = new WeakMap<Database, ClaimLine>();

/**
 * Takes the lease if nobody alive holds it; null otherwise, or when the run is over. A run that stands in line is not
 * taken before its turn, except to be cancelled or because its deadline has passed. Claims of one process that are asked
 * for together go together. A lease is not waited for until it is on the disk (see `writ.take_runs`): whatever is done by
 * it is committed under it first.
 * INVARIANT (I3): each claim raises the lease epoch, so whatever an earlier holder still sends is refused.
 */
export function claimRun(db: Database, claim: Claim): Promise<ClaimedRun | null> {
  const line = lines.get(db) ?? new ClaimLine(db);
  lines.set(db, line);
  return line.ask(claim);
}

interface Asked extends PromiseWithResolvers<ClaimedRun | null> {
  readonly claim: Claim;
}

/** Claims in one call at most, and calls on their way at once. */
const GROUP = 64;
const CALLS = 2;

/** Claims gather while others are on their way, as units do in the group commit. */
class ClaimLine {
  #waiting: Asked[] = [];
  #calls = 0;
  #scheduled = false;

  constructor(private readonly db: Database) {}

  ask(claim: Claim): Promise<ClaimedRun | null> {
    const asked = { claim, ...Promise.withResolvers<ClaimedRun | null>() };
    this.#waiting.push(asked);
    this.#schedule();
    return asked.promise;
  }

  /** After this turn of the event loop: what is rung for in one turn is asked for in one call. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#calls < CALLS && this.#waiting.length > 0) void this.#call(this.#next());
    });
  }

  /** A run stands in a group once: of two claims of it the second must see what came of the first. */
  #next(): readonly Asked[] {
    const runs = new Set<string>();
    const group: Asked[] = [];
    const left: Asked[] = [];
    for (const asked of this.#waiting) {
      const key = `${asked.claim.tenant}/${asked.claim.run}`;
      const fits = group.length < GROUP && !runs.has(key);
      if (fits) runs.add(key);
      (fits ? group : left).push(asked);
    }
    this.#waiting = left;
    return group;
  }

  async #call(group: readonly Asked[]): Promise<void> {
    this.#calls += 1;
    await this.#ask(group, false);
    this.#calls -= 1;
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** Settles each of the group; one whose row is locked is asked for again by itself, and waits. */
  async #ask(group: readonly Asked[], patient: boolean): Promise<void> {
    try {
      const claims = group.map(({ claim }) => claim);
      const answers = await this.db.call<Answer>('take_runs', [
        claims.map(({ tenant }) => tenant),
        claims.map(({ run }) => run),
        claims.map(({ worker }) => worker),
        claims.map(({ fold }) => fold ?? 0),
        patient,
      ]);
      const told = new Map(answers.map((answer) => [answer.place, answer]));
      group.forEach((asked, i) => {
        const answer = told.get(i + 1);
        if (answer?.held_up) void this.#ask([asked], true);
        else asked.resolve(answer ? claimed(asked.claim, answer) : null);
      });
    } catch (error) {
      for (const asked of group) asked.reject(error);
    }
  }
}

function claimed({ tenant, run }: Claim, row: Taken): ClaimedRun {
  return {
    tenant,
    run,
    leaseEpoch: Number(row.lease_epoch),
    nextSeq: row.next_seq,
    auditSeq: row.audit_seq,
    chainHead: row.chain_head,
    traceId: row.trace_id,
    takenOver: row.taken_over,
    snapshot: snapshotOf(row),
    journal: row.journal?.split('\n') ?? [],
    audit: row.audit?.split('\n') ?? [],
    mail: row.mail,
  };
}

function snapshotOf(row: Taken): KeptSnapshot | null {
  const { snapshot: body, snapshot_seq: seq, snapshot_digest: digest } = row;
  return body === null || seq === null || digest === null ? null : { seq, digest, body };
}

/** Gives a lease back without a unit: nothing happened that the journal should know. A lost lease is left alone. */
export async function releaseRun(
  tx: Tx,
  lease: {
    readonly tenant: TenantId;
    readonly run: RunId;
    readonly leaseEpoch: number;
    /** Epoch milliseconds at which the sweeper must look again; null for never. */
    readonly wakeAt: number | null;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET lease_owner = NULL, wake_at = $4
      WHERE tenant = $1 AND id = $2 AND lease_epoch = $3 AND finished_at IS NULL`,
    [lease.tenant, lease.run, lease.leaseEpoch, lease.wakeAt === null ? null : new Date(lease.wakeAt)],
  );
}

/**
 * Gives back whatever lease a worker may hold on a run it does not lead: its claim's answer was lost, or leading it
 * failed. Only the worker itself may say so, and only while it does not lead the run.
 */
export async function releaseAbandoned(
  tx: Tx,
  lease: {
    readonly tenant: TenantId;
    readonly run: RunId;
    readonly worker: WorkerId;
    /** Epoch milliseconds at which the sweeper must look again. */
    readonly wakeAt: number;
  },
): Promise<void> {
  await tx.query(
    `UPDATE writ.run SET lease_owner = NULL, wake_at = $4
      WHERE tenant = $1 AND id = $2 AND lease_owner = $3 AND finished_at IS NULL`,
    [lease.tenant, lease.run, lease.worker, new Date(lease.wakeAt)],
  );
}

/** Runs of any tenant that need a look (I8): never rung, left by a dead worker, due, past their deadline, with mail. */
export async function sweep(
  db: Database,
  options: { readonly limit: number },
): Promise<{ readonly tenant: TenantId; readonly run: RunId }[]> {
  return db.call('find_due_runs', [options.limit]);
}
