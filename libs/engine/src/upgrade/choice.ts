import { type Failure, ok, refuse, type Result, type RunId, type TenantId } from '@writ/kernel';
import { type Database, runRow } from '@writ/database';
import { loadBill } from '@writ/registry';
import type { Pinned } from '../events';
import { fold } from '../fold';
import { readJournal } from '../read-journal';
import { RunDefect, sound } from '../run-defect';
import { replays } from './replays';

/** What can be done about a run whose definitions have newer versions. */
export interface UpgradeChoice {
  readonly run: RunId;
  readonly workflow: string;
  /** The version of the workflow that it would be moved to. */
  readonly version: number;
  /** `none`: it has these already. `move`: it may be moved. `finish`: it finishes on its own versions, since these do not fit. */
  readonly choice: 'none' | 'move' | 'finish';
  /** Why it cannot be moved, from the first event that does not fit. */
  readonly because: string | null;
  /** What it is pinned to in other versions than it would be. */
  readonly changes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly from: string | null;
    readonly to: string | null;
  }[];
}

export interface Considered {
  readonly choice: UpgradeChoice;
  readonly to: Pinned;
}

/** Whether a run could go on by other versions: those of today, or those of one version of its workflow. Changes nothing. */
export async function considerUpgrade(
  db: Database,
  of: { readonly tenant: TenantId; readonly run: RunId; readonly version: number | undefined },
): Promise<Result<Considered> | null> {
  const { tenant, run, version } = of;
  const row = await db.withTenant(tenant, (tx) => runRow(tx, tenant, run));
  if (!row) return null;
  const bill = await loadBill(db, { tenant, workflow: row.workflow, version });
  if (!bill.ok) return bill;
  try {
    const events = await readJournal(db, tenant, run);
    const { pinned } = sound('journal_broken', () => fold(events));
    const to: Pinned = { bill: bill.value.manifest, bill_digest: bill.value.digest };
    const changes = changesOf(pinned, to);
    const about = { run, workflow: row.workflow, version: bill.value.workflow.version, changes };
    if (pinned.bill_digest === to.bill_digest) return ok({ to, choice: { ...about, choice: 'none', because: null } });
    const replay = await replays(events, bill.value);
    const because = replay.fits ? null : `event ${replay.at}: ${replay.because}`;
    return ok({ to, choice: { ...about, choice: replay.fits ? 'move' : 'finish', because } });
  } catch (error) {
    if (error instanceof RunDefect) return refuse(conflict(`its journal cannot be read: ${error.message}`));
    throw error;
  }
}

/** Why a run is not asked to move; null when it may be. */
export function notMoved({ choice, because }: UpgradeChoice): Failure | null {
  if (choice === 'none') return conflict('the run goes by these versions already');
  if (choice === 'move') return null;
  return {
    code: 'upgrade_refused',
    class: 'permanent',
    message: because ?? 'these versions do not fit',
    next: 'Let it finish on its own versions, or fork it.',
  };
}

function changesOf(from: Pinned, to: Pinned): UpgradeChoice['changes'] {
  const of = ({ bill }: Pinned) => new Map(bill.map(([kind, name, digest]) => [`${kind} ${name}`, digest] as const));
  const [before, after] = [of(from), of(to)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [kind = '', name = ''] = key.split(' ');
    const [one, other] = [before.get(key) ?? null, after.get(key) ?? null];
    return one === other ? [] : [{ kind, name, from: one, to: other }];
  });
}

const conflict = (message: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message,
  next: 'Look at the run again.',
});
