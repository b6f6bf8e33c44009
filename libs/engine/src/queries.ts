import { listBudgets, revokedDelegations } from '@writ/policy';
import { isId, ok, refuse, type Result, type RunId, type TenantId, timeOfId } from '@writ/kernel';
import { type Database, getPayload, runRow, type RunRow, unitsAround } from '@writ/database';
import { isFinal } from '@writ/words';
import type {
  DecisionView,
  EventView,
  FoundPage,
  Page,
  PastDecision,
  RecentDecisions,
  RunDetail,
  RunQueriesApi,
  RunSearchQuery,
} from './api';
import { type Comparison, compareRuns } from './compare/compare';
import type { RunEvent } from './events';
import { type EffectiveLimits, effectiveLimits } from './budget/effective';
import { decisionOf, storedDecisionView } from './explain';
import { delegationsOf, type RunDelegations } from './delegations';
import { fold } from './fold';
import { ownEvents } from './fork/own-events';
import { readEventsFrom } from './live/event-reader';
import { pastRequest, storedRequest } from './past-request';
import { readJournal } from './read-journal';
import { recentDecisions } from './recent-decisions';
import type { StoredDecision } from './record-decision';
import { considerUpgrade, type UpgradeChoice } from './upgrade/choice';
import { RunDefect, sound } from './run-defect';
import { listedRun, runView } from './run-view';
import { lastUsed } from './search/last-used';
import { countMatches, countWindow } from './search/run-count';
import { FactShelf, factsOf, NOTHING_USED } from './search/run-facts';
import { type RunHistogram, runHistogram } from './search/run-histogram';
import { findRuns } from './search/run-page';
import { type FieldValues, runValues, type ValuesQuery } from './search/run-values';
import type { RunScope } from './search/run-window';
import { timelineOf } from './timeline/timeline';
import type { Timeline } from './timeline/types';

/** A decision is written within this time of being made: the commit it waits for, and clocks that differ. */
const WINDOW_MS = 60_000;

/** Reads of runs. Every one is bound to its tenant by row-level security as well as by its own predicate. */
export class RunQueries implements RunQueriesApi {
  readonly #facts = new FactShelf();

  constructor(readonly db: Database) {}

  async get(tenant: TenantId, run: RunId): Promise<RunDetail | null> {
    if (!isId('run', run)) return null;
    const row = await this.db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
    if (!row) return null;
    try {
      const events = await readJournal(this.db, tenant, run);
      return { ...runView(row), ...detailOf(events) };
    } catch (error) {
      if (!(error instanceof RunDefect)) throw error;
      // What cannot be read is said to be so: people who take it out of quarantine need its row and the reason.
      return { ...runView(row), ...NOTHING_READ, failure: { code: error.code, message: error.message } };
    }
  }

  async brief(tenant: TenantId, run: RunId): Promise<Pick<RunRow, 'workflow' | 'status'> | null> {
    if (!isId('run', run)) return null;
    const row = await this.db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
    return row && { workflow: row.workflow, status: row.status };
  }

  async timeline(tenant: TenantId, run: RunId, now: number): Promise<Timeline | null> {
    // The row first: what it says is in the journal by then.
    const brief = await this.brief(tenant, run);
    if (!brief) return null;
    const events = await readJournal(this.db, tenant, run);
    return timelineOf({ run, status: brief.status, events, now });
  }

  async limits(tenant: TenantId, run: RunId, now: number): Promise<EffectiveLimits | null> {
    const events = await this.#journal(tenant, run);
    if (!events) return null;
    const budgets = await this.db.withTenant(tenant, (tx) => listBudgets(tx, { tenant }));
    return effectiveLimits(run, fold(events), { budgets, now });
  }

  async delegations(tenant: TenantId, run: RunId, now: number): Promise<RunDelegations | null> {
    const brief = await this.brief(tenant, run);
    if (!brief) return null;
    const events = await readJournal(this.db, tenant, run);
    const over = isFinal(brief.status);
    const revoked = await this.db.withTenant(tenant, (tx) => revokedDelegations(tx, tenant, run));
    return delegationsOf(events, { run, over, revoked, now });
  }

  async upgradeChoice(tenant: TenantId, run: RunId, version?: number): Promise<Result<UpgradeChoice> | null> {
    if (!isId('run', run)) return null;
    const considered = await considerUpgrade(this.db, { tenant, run, version });
    return considered?.ok ? ok(considered.value.choice) : considered;
  }

  async compare(tenant: TenantId, a: RunId, b: RunId): Promise<Result<Comparison>> {
    try {
      const [first, second] = await Promise.all([a, b].map((run) => readJournal(this.db, tenant, run)));
      return ok(compareRuns({ run: a, events: first! }, { run: b, events: second! }));
    } catch (error) {
      if (!(error instanceof RunDefect)) throw error;
      return refuse({
        code: 'state_conflict',
        class: 'permanent',
        message: `a journal cannot be read: ${error.message}`,
      });
    }
  }

  async search(query: RunSearchQuery): Promise<FoundPage> {
    const { tenant, sort, limit, after } = query;
    const [found, of, matched] = await Promise.all([
      findRuns(this.db, { scope: query, sort, limit, after }),
      this.db.withTenant(tenant, (tx) => countWindow(tx, query)),
      query.count ? countMatches(this.db, query) : null,
    ]);
    const facts = await this.db.withTenant(tenant, (tx) => this.#facts.of(tx, tenant, found.rows));
    const data = found.rows.map((row) => listedRun(row, facts.get(row.id)!));
    return { data, next: found.next, reached: found.reached, of, matched };
  }

  histogram(scope: RunScope, buckets: number): Promise<RunHistogram | null> {
    return runHistogram(this.db, { scope, buckets });
  }

  values(asked: ValuesQuery): Promise<FieldValues> {
    return runValues(this.db, asked);
  }

  lastUsed(tenant: TenantId): Promise<ReadonlyMap<string, number>> {
    return this.db.withTenant(tenant, (tx) => lastUsed(tx, tenant, this.#facts));
  }

  async events(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<EventView> | null> {
    if (!isId('run', run)) return null;
    const from = (query.after ?? -1) + 1;
    const read = await readEventsFrom(this.db, { tenant, run, from, limit: query.limit + 1, started: null });
    if (!read) return null;
    const data = read.events.slice(0, query.limit);
    return { data, next: read.events.length > query.limit ? String(data.at(-1)!.sequence) : null };
  }

  async decisions(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<DecisionView> | null> {
    const events = await this.#journal(tenant, run);
    if (!events) return null;
    const own = ownEvents(events);
    const all = own.map((event) => decisionOf(run, event)).filter((view) => view !== null);
    const from = (query.after ?? -1) + 1;
    const data = all.slice(from, from + query.limit);
    return { data, next: all.length > from + query.limit ? String(from + query.limit - 1) : null };
  }

  async decision(tenant: TenantId, id: string): Promise<DecisionView | null> {
    return (await this.#decided(tenant, id))?.view ?? null;
  }

  recentDecisions(tenant: TenantId, most: number, withinMs: number): Promise<RecentDecisions> {
    return recentDecisions(this.db, { tenant, most, withinMs });
  }

  async decided(tenant: TenantId, id: string): Promise<PastDecision | null> {
    const found = await this.#decided(tenant, id);
    if (!found) return null;
    const { view, run, events, stored } = found;
    const request = run
      ? await pastRequest(this.db, { tenant, run, events, decision: id })
      : storedRequest(tenant, stored);
    return { decision: view, request };
  }

  /** By id alone: an id holds its time, and its unit was written soon after. */
  async #decided(tenant: TenantId, id: string): Promise<Found | null> {
    const made = isId('decision', id) ? timeOfId(id) : null;
    if (made === null) return null;
    const window = { from: new Date(made - WINDOW_MS), to: new Date(made + WINDOW_MS), naming: id };
    const found = await this.db.withTenant(tenant, (tx) => unitsAround(tx, tenant, window));
    for (const unit of found) {
      if (unit.run === 'tenant') {
        const stored = await this.#stored(tenant, unit.events, id);
        if (stored) return { view: storedDecisionView(stored), run: null, events: [], stored };
        continue;
      }
      const run = unit.run as RunId;
      const events = await readJournal(this.db, tenant, run);
      const view = events.map((event) => decisionOf(run, event)).find((one) => one?.id === id);
      if (view) return { view, run, events, stored: null };
    }
    return null;
  }

  async #stored(tenant: TenantId, lines: string, id: string): Promise<StoredDecision | null> {
    for (const line of lines.split('\n')) {
      const event = JSON.parse(line) as { decision?: { id: string }; detail?: { explanation?: string } };
      const digest = event.detail?.explanation;
      if (event.decision?.id !== id || digest === undefined) continue;
      const body = await this.db.withTenant(tenant, (tx) => getPayload(tx, { tenant, digest }));
      if (body !== null) return JSON.parse(body) as StoredDecision;
    }
    return null;
  }

  async #journal(tenant: TenantId, run: RunId): Promise<RunEvent[] | null> {
    if (!isId('run', run)) return null;
    const row = await this.db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
    return row ? readJournal(this.db, tenant, run) : null;
  }
}

interface Found {
  readonly view: DecisionView;
  readonly run: RunId | null;
  readonly events: readonly RunEvent[];
  readonly stored: StoredDecision | null;
}

type Journalled = Omit<RunDetail, keyof ReturnType<typeof runView>>;

function detailOf(events: readonly RunEvent[]): Journalled {
  const { started, output, failure, children } = sound('journal_broken', () => fold(events));
  return {
    input: started.input,
    output,
    failure: failure === null ? null : { code: failure.code, message: failure.message },
    agents: factsOf(events).agents,
    parent: started.parent?.run ?? null,
    root: started.parent?.root ?? null,
    children: [...children.values()].map((child) => child.run),
    fork: started.fork ? { run: started.fork.run, at: started.fork.at, effects: started.fork.effects } : null,
    batch: started.batch ?? null,
    usage: factsOf(events).usage,
  };
}

const NOTHING_READ: Journalled = {
  input: {},
  output: null,
  failure: null,
  agents: [],
  parent: null,
  root: null,
  children: [],
  fork: null,
  batch: null,
  usage: NOTHING_USED,
};
