import { loadPinnedBill } from '@writ/registry';
import type { EngineContext } from '../context';
import { evidence } from '../evidence';
import type { HeldRun } from '../held-run';
import { record } from '../outcomes';
import { Planner } from '../plan/planner';
import { readJournal } from '../read-journal';
import type { RunState } from '../state';
import { replays } from './replays';

/**
 * Where a run stands that is to be moved to other versions.
 * - now: nothing is under way, so it may     - soon: what is under way ends first, and nothing more is begun
 * - later: a step waits for another try or for a person; the run goes on as it is
 */
export type Moment = 'now' | 'soon' | 'later';

export function momentOf(state: RunState): Moment {
  let moment: Moment = 'now';
  for (const { open, reading } of state.branches.values()) {
    if (open !== null && open.phase !== 'in_flight') return 'later';
    if (open !== null || reading !== null) moment = 'soon';
  }
  return moment;
}

/**
 * Moves a run to the versions that were asked for, if its journal is one that these lead to; otherwise it stays where it is
 * and says why. INVARIANT (I4): what is on record stays, whichever version goes on from it.
 */
export async function settleUpgrade(ctx: EngineContext, held: HeldRun): Promise<void> {
  const { tenant, run, state } = held;
  const wanted = state.upgrade;
  if (!wanted) return;
  const bill = await loadPinnedBill(ctx.db, { tenant, manifest: wanted.bill });
  // What is recorded and not committed yet belongs to it: it was planned before.
  const journal = [...(await readJournal(ctx.db, tenant, run)), ...held.pending.events];
  const replay = await replays(journal, bill);
  const now = ctx.clock.now();
  const because = replay.fits ? undefined : `event ${replay.at}: ${replay.because}`;
  record(
    held,
    { type: 'upgrade_settled', at: now, moved: replay.fits, ...(because !== undefined && { because }) },
    evidence(
      held.scope,
      { now },
      {
        type: 'run.upgraded',
        outcome: replay.fits ? 'moved' : 'refused',
        object: { type: 'workflow', id: state.started.workflow, digest: bill.workflow.digest },
        detail: { bill: wanted.bill_digest, ...(because !== undefined && { because }) },
      },
    ),
  );
  if (replay.fits) held.planner = new Planner(bill);
}
