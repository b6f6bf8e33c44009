import type { RunId, TenantId } from '@writ/kernel';
import type { Database } from '@writ/database';
import type { EngineContext } from '../context';
import type { Performed, Warrant } from '../doors';
import type { ChildEnded, RunFork } from '../events';
import type { HeldRun } from '../held-run';
import { shown } from '../honour';
import { readJournal } from '../read-journal';
import { record } from '../outcomes';
import { evidence } from '../evidence';
import { branchOf } from '../path';
import { perform } from '../perform';
import type { Proposal } from '../proposal';
import { goesOut, Recording } from './recording';

/** A proposal of a run whose effects are stubbed says so: in its intent, in its evidence, and to whoever performs it. */
export function stubbedIn(held: HeldRun, proposed: Proposal): Proposal {
  if (held.state.started.fork?.effects !== 'stubbed' || !goesOut(proposed.kind)) return proposed;
  return { ...proposed, maxAttempts: 1, details: { ...proposed.details, stubbed: true } };
}

/** What is given back to a forked run whose effects are stubbed: what the run it was forked from came to, less what it has had. */
export async function openRecording(
  db: Database,
  fork: RunFork,
  of: { readonly tenant: TenantId; readonly run: RunId },
): Promise<Recording> {
  const events = await readJournal(db, of.tenant, fork.run);
  const [first] = events;
  const before = first?.type === 'run_started' ? first.fork?.run : undefined;
  const users = before === undefined ? [fork.run] : [fork.run, before];
  const recording = new Recording(events, { run: fork.run, at: fork.at, users });
  const own = await readJournal(db, of.tenant, of.run);
  recording.skip(own.slice(own.findLastIndex(({ type }) => type === 'run_forked') + 1));
  return recording;
}

/**
 * Performs an act, or gives back what it came to before.
 * INVARIANT: a stubbed act takes no permit and reaches no door, whatever is recorded of it.
 */
export function performOrReplay(ctx: EngineContext, held: HeldRun, warrant: Warrant): Promise<Performed> | Performed {
  if (warrant.proposed.details.stubbed !== true) {
    const performed = perform(ctx.doors, held.planner.bill, warrant);
    // Where nothing is owed, nothing is withheld.
    if (warrant.decision.obligations.length === 0) return performed;
    return performed instanceof Promise ? performed.then((one) => shown(one, warrant)) : shown(performed, warrant);
  }
  if (!held.recording) throw new Error('a stubbed step has no recording to be given back from');
  return shown(held.recording.outcome(warrant.proposed), warrant);
}

/**
 * A run whose effects are stubbed has no child runs, only ends of them: where it would wait for one, that is over.
 * False where there is none to be given back.
 */
export function replayChild(
  held: HeldRun,
  { path, run }: { readonly path: string; readonly run: RunId },
  now: number,
): boolean {
  const ended = held.recording?.ended(path);
  if (!ended) return false;
  const event: ChildEnded = { ...ended, at: now, run };
  const told = { type: 'run.child_ended', object: { type: 'run', id: run }, outcome: ended.status } as const;
  const detail = { mail: ended.mail, by: ended.by, kind: 'child_ended', path, stubbed: true };
  record(held, event, evidence(held.scope, { now, branch: branchOf(path) }, { ...told, detail }));
  return true;
}
