import { isId, type Json, type RunId, type TenantId } from '@writ/kernel';
import { type Database, getPayload, listRuns, runRow, type RunRow, type RunStatus, unitsAround } from '@writ/database';
import type { DecisionView, EventView, Page, RunDetail, RunQueriesApi, RunView } from './api';
import type { RunEvent } from './events';
import { decisionOf, decisionTime, storedDecisionView } from './explain';
import { fold } from './fold';
import { readJournal } from './load';
import type { StoredDecision } from './record-decision';

/** A decision is written within this time of being made: the commit it waits for, and clocks that differ. */
const WINDOW_MS = 60_000;

/** Reads of runs. Every one is bound to its tenant by row-level security as well as by its own predicate. */
export class RunQueries implements RunQueriesApi {
  constructor(readonly db: Database) {}

  async get(tenant: TenantId, run: RunId): Promise<RunDetail | null> {
    if (!isId('run', run)) return null;
    const row = await this.db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
    if (!row) return null;
    const state = fold(await readJournal(this.db, tenant, run));
    const agents = [...state.agents.values()].flatMap((node) => node.hops.map((hop) => hop.agent));
    const { failure, usage } = state;
    return {
      ...runView(row),
      input: state.started.input,
      output: state.output,
      failure: failure === null ? null : { code: failure.code, message: failure.message },
      agents,
      usage: { ...usage },
    };
  }

  async list(
    tenant: TenantId,
    query: { readonly limit: number; readonly after?: string; readonly status?: RunStatus; readonly workflow?: string },
  ): Promise<Page<RunView>> {
    const rows = await this.db.withTenant(tenant, (tx) => listRuns(tx, tenant, { ...query, limit: query.limit + 1 }));
    const data = rows.slice(0, query.limit).map(runView);
    return { data, next: rows.length > query.limit ? (data.at(-1)?.id ?? null) : null };
  }

  async events(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<EventView> | null> {
    const events = await this.#journal(tenant, run);
    if (!events) return null;
    const from = (query.after ?? -1) + 1;
    const data = events.slice(from, from + query.limit).map((event, index) => eventView(event, from + index));
    return { data, next: events.length > from + query.limit ? String(from + query.limit - 1) : null };
  }

  async decisions(
    tenant: TenantId,
    run: RunId,
    query: { readonly limit: number; readonly after?: number },
  ): Promise<Page<DecisionView> | null> {
    const events = await this.#journal(tenant, run);
    if (!events) return null;
    const all = events.map((event) => decisionOf(run, event)).filter((view) => view !== null);
    const from = (query.after ?? -1) + 1;
    const data = all.slice(from, from + query.limit);
    return { data, next: all.length > from + query.limit ? String(from + query.limit - 1) : null };
  }

  /** A decision by id alone: its id holds its time, and its unit was written soon after. */
  async decision(tenant: TenantId, id: string): Promise<DecisionView | null> {
    const made = decisionTime(id);
    if (made === null) return null;
    const window = { from: new Date(made - WINDOW_MS), to: new Date(made + WINDOW_MS), containing: id };
    const found = await this.db.withTenant(tenant, (tx) => unitsAround(tx, tenant, window));
    for (const unit of found) {
      if (unit.run === 'tenant') {
        const stored = await this.#stored(tenant, unit.events, id);
        if (stored) return stored;
        continue;
      }
      const events = await readJournal(this.db, tenant, unit.run as RunId);
      const view = events.map((event) => decisionOf(unit.run as RunId, event)).find((one) => one?.id === id);
      if (view) return view;
    }
    return null;
  }

  async #stored(tenant: TenantId, lines: string, id: string): Promise<DecisionView | null> {
    for (const line of lines.split('\n')) {
      const event = JSON.parse(line) as { decision?: { id: string }; detail?: { explanation?: string } };
      const digest = event.detail?.explanation;
      if (event.decision?.id !== id || digest === undefined) continue;
      const body = await this.db.withTenant(tenant, (tx) => getPayload(tx, { tenant, digest }));
      if (body !== null) return storedDecisionView(JSON.parse(body) as StoredDecision);
    }
    return null;
  }

  async #journal(tenant: TenantId, run: RunId): Promise<RunEvent[] | null> {
    if (!isId('run', run)) return null;
    const row = await this.db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
    return row ? readJournal(this.db, tenant, run) : null;
  }
}

function runView(row: RunRow): RunView {
  return {
    id: row.id,
    workflow: row.workflow,
    workflow_digest: row.workflowDigest,
    status: row.status,
    initiator: row.initiator,
    wait: row.wait === null ? null : (JSON.parse(row.wait) as RunView['wait']),
    next_seq: row.nextSeq,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    trace_id: row.traceId,
  };
}

/** Salts stay in the journal: whoever reads events could otherwise test guesses against the evidence. */
function eventView(event: RunEvent, sequence: number): EventView {
  const { type, at, salt: _salt, ...fields } = event as RunEvent & { readonly salt?: string };
  return { sequence, type, time: new Date(at).toISOString(), ...(fields as unknown as { [field: string]: Json }) };
}
