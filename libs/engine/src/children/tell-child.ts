import type { EngineContext } from '../context';
import { evidence } from '../evidence';
import { replayChild } from '../fork/stubbed';
import type { HeldRun } from '../held-run';
import type { TellChild } from '../next-step';
import { record } from '../outcomes';
import { branchOf } from '../path';
import { cancelChild } from './child-rows';

/** Puts the wish to end in a child's mail; its own worker, or the sweeper, reads it there. Saying it twice is saying it once. */
export async function tellChild(ctx: EngineContext, held: HeldRun, { path, run, reason }: TellChild): Promise<void> {
  // One that was only given back is over already.
  if (replayChild(held, { path, run }, ctx.clock.now())) return;
  const { tenant } = held;
  await ctx.db.withTenant(tenant, (tx) => cancelChild(tx, { tenant, child: run, parent: held.run, reason }));
  const now = ctx.clock.now();
  const told = { type: 'run.child_told', object: { type: 'run', id: run }, detail: { path, reason } } as const;
  record(
    held,
    { type: 'child_told', at: now, path, run, reason },
    evidence(held.scope, { now, branch: branchOf(path) }, told),
  );
}
