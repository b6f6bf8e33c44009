import type { Client, Pool } from 'pg';
import { checkChain, commitmentTo } from '@writ/audit';
import { fold, journalEvents, type RunEvent } from '@writ/engine';
import { canonicalJson, digestOf, type Json, sha256Hex, type TenantId } from '@writ/kernel';
import { isFinal, isRepeatable, type RunStatus } from '@writ/words';
import { keepJournal } from './journal-fixtures';

/** A connection that sees every tenant: the checker stands outside what it checks. */
export type Outsider = Pick<Client | Pool, 'query'>;

interface RunRow {
  tenant: TenantId;
  id: string;
  status: RunStatus;
  next_seq: number;
  audit_seq: number;
  chain_head: string;
  lease_owner: string | null;
  finished_at: Date | null;
}
interface JournalRow {
  seq: number;
  unit: string;
  audit_seq: number;
  events: string;
}
interface AuditRow {
  seq: number;
  unit: string;
  events: string;
  hashes: Buffer;
}
interface Evidence {
  type: string;
  run_seq: number;
  step?: number;
  attempt?: number;
  args?: string;
  result?: string;
  context?: string;
  decision?: { id: string; verdict: string };
  detail?: { context?: string };
}

type Intended = Extract<RunEvent, { type: 'step_intended' }>;
type Settled = Extract<RunEvent, { type: 'step_settled' }>;

/**
 * Proves one run whole: gap-free journal, unbroken chain, a committed decision behind every intent, no effect repeated
 * that must not be, and a row that says what the events fold to. Throws with every fault found. Ends each scenario.
 */
export async function checkRun(
  db: Outsider,
  run: string,
): Promise<{ readonly events: RunEvent[]; readonly status: RunStatus }> {
  const { rows } = await db.query<RunRow>(`select * from writ.run where id = $1`, [run]);
  const row = rows[0];
  if (!row) throw new Error(`there is no run ${run}`);
  const journal = (
    await db.query<JournalRow>(
      `select seq, unit, audit_seq, events from writ.journal where tenant = $1 and run = $2 order by seq`,
      [row.tenant, run],
    )
  ).rows;
  const audit = (
    await db.query<AuditRow>(
      `select seq, unit, writ.audit_lines(u) as events, hashes from writ.audit_unit u where tenant = $1 and run = $2 order by seq`,
      [row.tenant, run],
    )
  ).rows;
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(text);
  const events = await eventsOf(db, row, journal, fault);
  const evidence = chainEvents(row, audit, fault);
  pairUnits(journal, audit, fault);
  // What a fork took over stands as evidence in the run that did it.
  const from = events.findLastIndex(({ type }) => type === 'run_forked') + 1;
  checkIntents(journal, audit, { fault, from });
  checkEffects(events.slice(from), fault);
  checkCommitments(events.slice(from), evidence, fault);
  checkContexts(evidence, fault);
  checkStanding(row, events, fault);
  if (faults.length > 0) throw new Error(`run ${run} does not hold:\n- ${faults.join('\n- ')}`);
  const lines = journal.flatMap((unit) => unit.events.split('\n'));
  keepJournal({ tenant: row.tenant, lines, folds_to: { status: row.status, seq: row.next_seq } });
  return { events, status: row.status };
}

type Report = (text: string) => void;

async function eventsOf(db: Outsider, row: RunRow, journal: JournalRow[], fault: Report): Promise<RunEvent[]> {
  const lines: string[] = [];
  for (const unit of journal) {
    if (unit.seq !== lines.length) fault(`journal unit ${unit.unit} begins at ${unit.seq}, expected ${lines.length}`);
    for (const line of unit.events.split('\n')) {
      if (canonicalJson(JSON.parse(line)) !== line) fault(`a journal line of ${unit.unit} is not canonical`);
      lines.push(line);
    }
  }
  const events: RunEvent[] = [];
  for (const event of journalEvents(row.tenant, lines)) events.push(await hydrated(db, row.tenant, event));
  if (events.length !== row.next_seq) fault(`the run says ${row.next_seq} events, its journal has ${events.length}`);
  return events;
}

async function hydrated(db: Outsider, tenant: string, event: RunEvent): Promise<RunEvent> {
  const refs = event as { result_ref?: string; args_ref?: string; output_ref?: string };
  const ref = refs.result_ref ?? refs.args_ref ?? refs.output_ref;
  if (ref === undefined) return event;
  const { rows } = await db.query<{ body: string }>(`select body from writ.payload where tenant = $1 and digest = $2`, [
    tenant,
    ref,
  ]);
  const body = rows[0]?.body;
  if (body === undefined || digestOf(body) !== ref) throw new Error(`payload ${ref} is missing or altered`);
  const value = JSON.parse(body) as Json;
  if (refs.result_ref !== undefined) return { ...event, result: value } as RunEvent;
  if (refs.args_ref !== undefined) return { ...event, args: value } as RunEvent;
  return { ...event, output: value } as RunEvent;
}

function chainEvents(row: RunRow, audit: AuditRow[], fault: Report): Evidence[] {
  const lines = audit.flatMap((unit) => unit.events.split('\n'));
  const chain = checkChain(lines);
  if (!chain.ok) fault(`audit event ${chain.index}: ${chain.fault}: ${chain.detail}`);
  else {
    if (chain.head.hash !== row.chain_head) fault('the chain does not end at the head the run names');
    if (chain.head.seq !== row.audit_seq)
      fault(`the run says ${row.audit_seq} audit events, there are ${chain.head.seq}`);
  }
  let at = 0;
  for (const unit of audit) {
    if (unit.seq !== at) fault(`audit unit ${unit.unit} begins at ${unit.seq}, expected ${at}`);
    const hashes = unit.events
      .split('\n')
      .map((line) => sha256Hex(line))
      .join('');
    if (unit.hashes.toString('hex') !== hashes)
      fault(`the stored hashes of audit unit ${unit.unit} are not its events'`);
    at += unit.events.split('\n').length;
  }
  return lines.map((line) => JSON.parse(line) as Evidence);
}

function pairUnits(journal: JournalRow[], audit: AuditRow[], fault: Report): void {
  const bySeq = new Map(audit.map((unit) => [unit.seq, unit.unit]));
  for (const unit of journal) {
    if (bySeq.get(unit.audit_seq) !== unit.unit) fault(`journal unit ${unit.unit} has no audit unit of its own`);
  }
  if (journal.length !== audit.length) fault(`${journal.length} journal units beside ${audit.length} audit units`);
}

/** I2: the decision behind an intent stands as evidence in the very unit of the intent, and says allow. */
function checkIntents(
  journal: JournalRow[],
  audit: AuditRow[],
  { fault, from }: { readonly fault: Report; readonly from: number },
): void {
  const evidence = new Map(audit.map((unit) => [unit.unit, unit.events]));
  for (const unit of journal) {
    const authorized = (evidence.get(unit.unit) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Evidence)
      .filter((event) => event.type === 'action.authorized' && event.decision?.verdict === 'allow');
    for (const [i, line] of unit.events.split('\n').entries()) {
      const event = JSON.parse(line) as RunEvent;
      if (event.type !== 'step_intended' || unit.seq + i < from) continue;
      const found = authorized.some(
        (one) => one.decision?.id === event.decision.id && one.step === event.step && one.attempt === event.attempt,
      );
      if (!found)
        fault(`step ${event.step} attempt ${event.attempt} was intended without its decision in the same unit`);
    }
  }
}

/** I4, I5: attempts count up, a settled step never runs again, an unrepeatable one only after a person or a sure "no". */
function checkEffects(events: readonly RunEvent[], fault: Report): void {
  const last = new Map<number, { intent: Intended; settled: Settled | null; redo: boolean }>();
  for (const event of events) {
    if (event.type === 'step_intended') {
      const before = last.get(event.step);
      if (event.attempt !== (before?.intent.attempt ?? 0) + 1)
        fault(`step ${event.step}: attempt ${event.attempt} out of order`);
      if (before?.settled?.final === true) fault(`step ${event.step} ran again after it was settled`);
      const repeatable = event.kind !== 'tool' || isRepeatable(event.effect);
      const safe = before?.redo === true || before?.settled?.landed === 'no';
      if (before && !repeatable && !safe) fault(`step ${event.step}: an unrepeatable effect was tried again unasked`);
      last.set(event.step, { intent: event, settled: null, redo: false });
    }
    if (event.type === 'step_settled') {
      const open = last.get(event.step);
      if (!open || open.intent.attempt !== event.attempt || open.settled)
        fault(`step ${event.step}: settled without an open intent`);
      else open.settled = event;
    }
    if (event.type === 'step_reconciled') {
      const open = last.get(event.step);
      if (open && event.verdict === 'did_not_happen') open.redo = true;
    }
  }
}

/** I10: evidence holds commitments, and they open with the values and salts the journal keeps. */
function checkCommitments(events: readonly RunEvent[], evidence: readonly Evidence[], fault: Report): void {
  const key = (type: string, step: number, attempt: number): string => `${type} ${step} ${attempt}`;
  const found = new Map<string, Evidence>();
  for (const one of evidence) {
    const type = one.type === 'handoff.made' ? 'action.settled' : one.type;
    if (one.step !== undefined) found.set(key(type, one.step, one.attempt ?? 0), one);
  }
  for (const event of events) {
    if (event.type === 'step_intended' && event.args !== undefined) {
      const text = canonicalJson(event.args);
      if (digestOf(text) !== event.args_digest) fault(`step ${event.step}: the arguments are not those decided`);
      const one = found.get(key('action.authorized', event.step, event.attempt));
      if (one?.args !== commitmentTo(text, event.salt))
        fault(`step ${event.step}: the evidence commits to other arguments`);
    }
    if (event.type === 'step_settled') {
      const one = found.get(key('action.settled', event.step, event.attempt));
      if (!one) fault(`step ${event.step} attempt ${event.attempt}: settled without evidence`);
      else if (
        event.salt !== undefined &&
        one.result !== commitmentTo(canonicalJson(event.result ?? null), event.salt)
      ) {
        fault(`step ${event.step}: the evidence commits to another result`);
      }
    }
  }
}

function checkContexts(evidence: readonly Evidence[], fault: Report): void {
  const known = new Set<string>();
  for (const one of evidence) {
    if (one.type === 'context') known.add(digestOf(one.detail?.context ?? ''));
    else if (one.context === undefined || !known.has(one.context))
      fault(`audit event ${one.run_seq} names no known context`);
  }
}

function checkStanding(row: RunRow, events: readonly RunEvent[], fault: Report): void {
  const state = fold(events);
  const queued = row.status === 'queued' && state.status === 'running';
  if (state.status !== row.status && !queued) fault(`the run says ${row.status}, its events fold to ${state.status}`);
  if (isFinal(row.status) !== (row.finished_at !== null)) fault('finished_at and status disagree');
  if (isFinal(row.status) && row.lease_owner !== null) fault('a run that is over still holds a lease');
  for (const { open } of state.branches.values()) {
    if (row.status === 'succeeded' && open) fault(`succeeded with step ${open.intent.step} open`);
  }
  const { budget } = state.started;
  if (budget.tool_calls !== undefined && state.usage.tool_calls > budget.tool_calls)
    fault('more tool calls than the budget');
  if (budget.model_calls !== undefined && state.usage.model_calls > budget.model_calls)
    fault('more model calls than the budget');
}
