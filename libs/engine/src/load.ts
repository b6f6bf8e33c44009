import type { WorkerId } from '@writ/kernel';
import type { ClaimedRun, Database } from '@writ/database';
import type { Budget } from '@writ/policy';
import { loadPinnedBill } from '@writ/registry';
import { logger } from '@writ/telemetry';
import { openRecording } from './fork/stubbed';
import { tellInbox } from './approvals/tell-inbox';
import { Holdings } from './budget/holdings';
import { restoreContexts } from './contexts';
import { evidence, evidenceScope, type EvidenceScope } from './evidence';
import { apply, fold } from './fold';
import { type HeldRun, ledAnew } from './held-run';
import { journalEvents } from './journal-line';
import { record } from './outcomes';
import { Planner } from './plan/planner';
import { readJournal, withValues } from './read-journal';
import { sound } from './run-defect';
import { loadEvidence } from './snapshot/rows';
import { SnapshotKeeper } from './snapshot/keeper';
import { openSnapshot } from './snapshot/snapshot';
import type { RunState } from './state';

const log = logger('runs');

export interface LoadInput {
  readonly db: Database;
  readonly claimed: ClaimedRun;
  readonly worker: WorkerId;
  readonly now: number;
  /** The tenant's budgets in force, as far as this process knows. */
  readonly budgets: () => readonly Budget[];
  /** Events between two snapshots, at least. */
  readonly snapshotEvery: number;
}

/**
 * A claimed run as this process will lead it: its journal folded, from its snapshot on where it has one; its definitions as
 * pinned at the start. A run taken over from a worker that died while leading it says so in its journal.
 */
export async function loadRun({ db, claimed, worker, now, budgets, snapshotEvery }: LoadInput): Promise<HeldRun> {
  const { tenant, run } = claimed;
  const { state, holdings, scope, last } = await restore(db, claimed, budgets);
  const { fork } = state.started;
  const bill = await loadPinnedBill(db, { tenant, manifest: state.pinned.bill });
  const held = ledAnew({
    tenant,
    run,
    leaseEpoch: claimed.leaseEpoch,
    ledSince: now,
    state,
    planner: new Planner(bill),
    scope,
    resumes: null,
    seq: claimed.nextSeq,
    chain: { seq: claimed.auditSeq, hash: claimed.chainHead },
    holdings,
    recording: fork?.effects === 'stubbed' ? await openRecording(db, fork, { tenant, run }) : null,
    keeper: new SnapshotKeeper(db, snapshotEvery, last),
  });
  // Whoever led it may have gone between an act and telling the inbox of it.
  await tellInbox({ db, now }, held, false);
  if (claimed.takenOver) {
    record(
      held,
      { type: 'run_resumed', at: now, worker, lease_epoch: claimed.leaseEpoch },
      evidence(scope, { now }, { type: 'run.resumed', detail: { worker, lease_epoch: claimed.leaseEpoch } }),
    );
  }
  return held;
}

interface Restored {
  readonly state: RunState;
  readonly holdings: Holdings;
  readonly scope: EvidenceScope;
  /** The first event that the snapshot used knows nothing of; 0 without one. */
  readonly last: number;
}

/** What the journal and the evidence of a run imply. A snapshot that does not fit is as good as none. */
async function restore(db: Database, claimed: ClaimedRun, budgets: LoadInput['budgets']): Promise<Restored> {
  const { tenant, run, snapshot } = claimed;
  const scope = evidenceScope(tenant, run, claimed.traceId);
  const opened = snapshot && openSnapshot(run, snapshot);
  if (snapshot && opened) {
    const { state, held, declared, context } = opened;
    const lines = sound('journal_broken', () => journalEvents(tenant, claimed.journal, state.started));
    const events = await withValues(db, tenant, lines);
    sound('journal_broken', () => events.forEach((event) => apply(state, event)));
    const holdings = new Holdings(budgets, held);
    holdings.apply(events);
    for (const digest of declared) scope.declared.add(digest);
    if (context !== null) scope.contexts.set('', context);
    restoreContexts(scope, claimed.audit);
    return { state, holdings, scope, last: snapshot.seq };
  }
  if (snapshot) log.warn({ tenant, run, seq: snapshot.seq }, 'a snapshot does not fit its run; the journal is read');
  const whole = snapshot
    ? await readJournal(db, tenant, run)
    : await withValues(
        db,
        tenant,
        sound('journal_broken', () => journalEvents(tenant, claimed.journal)),
      );
  const audit = snapshot ? await db.withTenant(tenant, (tx) => loadEvidence(tx, tenant, run)) : claimed.audit;
  const holdings = new Holdings(budgets);
  holdings.apply(whole);
  restoreContexts(scope, audit);
  return { state: sound('journal_broken', () => fold(whole)), holdings, scope, last: 0 };
}
