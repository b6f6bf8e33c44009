import type { RunId, TenantId } from '@writ/kernel';
import type { Database } from '@writ/database';
import type { DecisionView, PastDecision, RecentDecisions } from './api';
import { ownEvents } from './fork/own-events';
import { decisionOf } from './explain';
import { pastRequest } from './past-request';
import { readJournal } from './read-journal';
import { RunDefect } from './run-defect';

export interface RecentQuery {
  readonly tenant: TenantId;
  readonly most: number;
  /** Milliseconds after which what was found is the answer. */
  readonly withinMs: number;
}

/** Of one run at most: a long one would stand for the whole tenant, and its acts are like one another. */
const MOST_OF_RUN = 50;
const CHUNK = 100;

/**
 * The newest decisions of a tenant's runs, run by run. Each costs the playing of its run's journal up to it, so an answer is
 * bounded in time as well as in number. Runs whose journal cannot be read are passed over.
 */
export async function recentDecisions(db: Database, query: RecentQuery): Promise<RecentDecisions> {
  const { tenant, most } = query;
  const end = performance.now() + query.withinMs;
  const decisions: PastDecision[] = [];
  let runs = 0;
  for (let before: RunId | null = null; ;) {
    const ids: readonly RunId[] = await newestRuns(db, tenant, before);
    for (const run of ids) {
      if (decisions.length >= most || performance.now() > end) return { decisions, runs, complete: false };
      decisions.push(...(await ofRun(db, { tenant, run, most: Math.min(MOST_OF_RUN, most - decisions.length), end })));
      runs += 1;
    }
    if (ids.length < CHUNK) return { decisions, runs, complete: true };
    before = ids.at(-1)!;
  }
}

async function newestRuns(db: Database, tenant: TenantId, before: RunId | null): Promise<readonly RunId[]> {
  const rows = await db.withTenant(tenant, (tx) =>
    tx.query<{ readonly id: RunId }>(
      `SELECT id FROM writ.run WHERE tenant = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [tenant, before, CHUNK],
    ),
  );
  return rows.map(({ id }) => id);
}

interface OfRun {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly most: number;
  readonly end: number;
}

async function ofRun(db: Database, { tenant, run, most, end }: OfRun): Promise<readonly PastDecision[]> {
  const events = await readJournal(db, tenant, run).catch((error: unknown) => {
    if (error instanceof RunDefect) return [];
    throw error;
  });
  const views = ownEvents(events)
    .map((event) => decisionOf(run, event))
    .filter((view): view is DecisionView => view !== null)
    .slice(-most);
  const found: PastDecision[] = [];
  for (const view of views) {
    if (performance.now() > end) break;
    found.push({ decision: view, request: await pastRequest(db, { tenant, run, events, decision: view.id }) });
  }
  return found;
}
