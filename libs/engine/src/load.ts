import { digestOf, type Json, type RunId, type TenantId, type WorkerId } from '@writ/kernel';
import { type ClaimedRun, type Database, getPayload, loadJournal, type Tx } from '@writ/database';
import type { Budget } from '@writ/policy';
import { loadPinnedBill } from '@writ/registry';
import { tellInbox } from './approvals/tell-inbox';
import { Holdings } from './budget/holdings';
import { evidence, evidenceScope, type EvidenceScope } from './evidence';
import type { RunEvent } from './events';
import { fold } from './fold';
import { emptyPending, type HeldRun } from './held-run';
import { journalEvents } from './journal-line';
import { record } from './outcomes';
import { Crew } from './crew';
import { Planner } from './plan/planner';

/** Journal lines as events, with the values kept by digest put back. Throws when one of those is gone. */
export async function readJournal(db: Database, tenant: TenantId, run: RunId): Promise<RunEvent[]> {
  return db.withTenant(tenant, async (tx) => {
    const units = await loadJournal(tx, tenant, run);
    const lines = units.flatMap((unit) => unit.events.split('\n'));
    return fetchValues(tx, tenant, journalEvents(tenant, lines));
  });
}

/** Events with the values kept by digest put back. Throws when one of those is gone or is not what its digest names. */
export async function fetchValues(tx: Tx, tenant: TenantId, events: RunEvent[]): Promise<RunEvent[]> {
  const values = new Map<string, Json>();
  for (const digest of new Set(events.map(reference).filter((ref) => ref !== undefined))) {
    const body = await getPayload(tx, { tenant, digest });
    if (body === null) throw new Error(`the payload ${digest} is missing`);
    if (digestOf(body) !== digest) throw new Error(`the payload ${digest} was altered`);
    values.set(digest, JSON.parse(body) as Json);
  }
  return values.size === 0 ? events : events.map((event) => hydrate(event, values));
}

function reference(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'step_settled':
      return event.result_ref;
    case 'step_intended':
      return event.args_ref;
    case 'run_finished':
    case 'child_ended':
      return event.output_ref;
    default:
      return undefined;
  }
}

function hydrate(event: RunEvent, values: ReadonlyMap<string, Json>): RunEvent {
  const ref = reference(event);
  if (ref === undefined) return event;
  const value = values.get(ref)!;
  if (event.type === 'step_settled') return { ...event, result: value };
  if (event.type === 'run_finished' || event.type === 'child_ended') return { ...event, output: value };
  return event.type === 'step_intended' ? { ...event, args: value as never } : event;
}

export interface LoadInput {
  readonly db: Database;
  readonly claimed: ClaimedRun;
  readonly worker: WorkerId;
  readonly now: number;
  /** The tenant's budgets in force, as far as this process knows. */
  readonly budgets: () => readonly Budget[];
}

/**
 * A claimed run as this process will lead it: its journal folded, its definitions as pinned at the start. A run taken
 * over from a worker that died while leading it says so in its journal.
 */
export async function loadRun({ db, claimed, worker, now, budgets }: LoadInput): Promise<HeldRun> {
  const { tenant, run } = claimed;
  const events = await journalOf(db, claimed);
  const state = fold(events);
  const holdings = new Holdings(budgets);
  holdings.apply(events);
  const bill = await loadPinnedBill(db, { tenant, manifest: state.started.bill });
  const scope = evidenceScope(tenant, run, claimed.traceId);
  const held: HeldRun = {
    tenant,
    run,
    leaseEpoch: claimed.leaseEpoch,
    state,
    planner: new Planner(bill),
    scope,
    create: null,
    seq: claimed.nextSeq,
    chain: { seq: claimed.auditSeq, hash: claimed.chainHead },
    pending: emptyPending(),
    letGo: false,
    onCreated: null,
    startedUnder: null,
    holdings,
    stopped: null,
    crew: new Crew(),
    claims: [],
    committing: false,
    lastStep: state.lastStep,
    numbers: new Map(),
  };
  restoreContexts(scope, claimed.audit);
  // Whoever led it may have gone between an act and telling the inbox of it.
  await tellInbox({ db, now }, held, false);
  for (const branch of state.branches.values()) branch.fresh = new Set();
  if (claimed.takenOver) {
    record(
      held,
      { type: 'run_resumed', at: now, worker, lease_epoch: claimed.leaseEpoch },
      evidence(scope, now, { type: 'run.resumed', detail: { worker, lease_epoch: claimed.leaseEpoch } }),
    );
  }
  return held;
}

/** The journal that came with the claim; another statement only where it names values kept elsewhere. */
async function journalOf(db: Database, { tenant, journal }: ClaimedRun): Promise<RunEvent[]> {
  const events = journalEvents(tenant, journal);
  if (!events.some((event) => reference(event) !== undefined)) return events;
  return db.withTenant(tenant, (tx) => fetchValues(tx, tenant, events));
}

/**
 * What `context` events have declared, and the last one in force, found in the run's evidence. Canonical JSON spells a type
 * in one way only, so the lines of other events need not be read, but for the last that names a context.
 */
function restoreContexts(scope: EvidenceScope, lines: readonly string[]): void {
  for (const line of lines) {
    if (!line.includes(CONTEXT)) continue;
    const { type, detail } = JSON.parse(line) as ContextLine;
    if (type === 'context' && detail?.context !== undefined) scope.declared.add(digestOf(detail.context));
  }
  for (const line of lines.toReversed()) {
    const { type, context, detail } = JSON.parse(line) as ContextLine;
    const last = type === 'context' && detail?.context !== undefined ? digestOf(detail.context) : context;
    if (last === undefined) continue;
    scope.contexts.set('', last);
    return;
  }
}

interface ContextLine {
  readonly type: string;
  readonly context?: string;
  readonly detail?: { readonly context?: string };
}

const CONTEXT = '"type":"context"';
