import { digestOf, type Json, type RunId, type TenantId } from '@writ/kernel';
import { type Database, getPayload, loadJournal, type Tx } from '@writ/database';
import type { RunEvent } from './events';
import { journalEvents } from './journal-line';
import { RunDefect, sound } from './run-defect';

/** Journal lines as events, with the values kept by digest put back. Throws a `RunDefect` when they cannot be read. */
export async function readJournal(db: Database, tenant: TenantId, run: RunId): Promise<RunEvent[]> {
  return db.withTenant(tenant, async (tx) => {
    const units = await loadJournal(tx, tenant, run);
    const lines = units.flatMap((unit) => unit.events.split('\n'));
    return fetchValues(
      tx,
      tenant,
      sound('journal_broken', () => journalEvents(tenant, lines)),
    );
  });
}

/** Events with the values kept by digest put back. Throws when one of those is gone or is not what its digest names. */
export async function fetchValues(tx: Tx, tenant: TenantId, events: RunEvent[]): Promise<RunEvent[]> {
  const values = new Map<string, Json>();
  for (const digest of new Set(events.map(reference).filter((ref) => ref !== undefined))) {
    const body = await getPayload(tx, { tenant, digest });
    if (body === null) throw new RunDefect('payload_missing', `the payload ${digest} is missing`);
    if (digestOf(body) !== digest) throw new RunDefect('payload_altered', `the payload ${digest} was altered`);
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
    case 'relay_asked':
      return event.request_ref;
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
  if (event.type === 'relay_asked') return { ...event, request: value as never };
  return event.type === 'step_intended' ? { ...event, args: value as never } : event;
}

/** Events that came with a claim; another statement only where they name values kept elsewhere. */
export async function withValues(db: Database, tenant: TenantId, events: RunEvent[]): Promise<RunEvent[]> {
  if (!events.some((event) => reference(event) !== undefined)) return events;
  return db.withTenant(tenant, (tx) => fetchValues(tx, tenant, events));
}
