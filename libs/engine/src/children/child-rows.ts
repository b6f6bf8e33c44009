import { canonicalJson, digestOf, type Failure, type Json, newId, type RunId, type TenantId } from '@writ/kernel';
import { type Database, insertMail, runRow, type Tx } from '@writ/database';
import type { RunStatus } from '@writ/words';
import type { ChildEnded } from '../events';
import { fold } from '../fold';
import { carried } from '../fold/flow';
import { readJournal } from '../read-journal';
import type { CancelBody } from '../mail-bodies';
import { INLINE_CHARACTERS } from '../keep-aside';
import { sound } from '../run-defect';
import { factsOf } from '../search/run-facts';

export interface ChildRow {
  readonly tenant: TenantId;
  readonly child: RunId;
  readonly parent: RunId;
  /** The run at the top of the tree. */
  readonly root: RunId;
  /** The node of the parent that started it. */
  readonly path: string;
}

/**
 * Says whose a run is, before it exists: its end finds its parent by this row. Saying it twice is saying it once. Not waited
 * for until it is on the disk: the commit that makes the child is, and takes with it what was written before.
 */
export async function enterChild(db: Database, { tenant, child, parent, root, path }: ChildRow): Promise<void> {
  await db.call('enter_child', [tenant, child, parent, root, path]);
}

/** Tells a run that its parent wants it to end. Once, however often it is told; one that was never started hears nothing. */
export async function cancelChild(
  tx: Tx,
  told: { readonly tenant: TenantId; readonly child: RunId; readonly parent: RunId; readonly reason: string },
): Promise<void> {
  const { tenant, child, parent, reason } = told;
  const body: CancelBody = { reason };
  if (!(await runRow(tx, tenant, child))) return;
  await insertMail(tx, {
    tenant,
    run: child,
    id: newId('mail'),
    kind: 'cancel',
    body: canonicalJson(body),
    dedup: 'cancel',
    sender: parent,
  });
}

export interface ChildOutcome {
  readonly status: RunStatus;
  readonly output: Json;
  /** Where the output is kept, when it is too large for a journal. */
  readonly output_ref?: string;
  readonly failure: Failure | null;
  readonly usage: ChildEnded['usage'];
  readonly flow?: NonNullable<ChildEnded['flow']>;
}

/** What came of a child that is over, out of its own journal. */
export async function childOutcome(db: Database, tenant: TenantId, child: RunId): Promise<ChildOutcome> {
  const events = await readJournal(db, tenant, child);
  const state = sound('journal_broken', () => fold(events));
  const { status, output, failure, ledger, started } = state;
  const { cost_micros: paid, ...counted } = factsOf(events).usage;
  const flow = carried(state);
  const { cost_micros = 0, handoffs = 0 } = ledger.used;
  const usage = {
    ...counted,
    ...(paid !== null && { cost_micros: paid }),
    ...(started.budget.cost_micros !== undefined && { cost_micros }),
    ...(started.budget.handoffs !== undefined && { handoffs }),
  };
  const text = canonicalJson(output);
  const aside = text.length > INLINE_CHARACTERS ? { output_ref: digestOf(text) } : {};
  return { status, output, failure, usage, ...aside, ...(flow && { flow }) };
}
