import type { EngineContext } from './context';
import { evidence } from './evidence';
import { emptyPending, type HeldRun } from './held-run';
import { finishAs } from './standing';

/**
 * Takes a run out whose unit the database refuses for its data. What could not be written is dropped: it never became
 * durable, so nothing acted on it. The reason stays with the run.
 */
export async function quarantine(ctx: EngineContext, held: HeldRun, detail: string): Promise<void> {
  held.pending = emptyPending();
  const now = ctx.clock.now();
  const message = `the database refused this run's data (${detail})`;
  await finishAs(ctx, held, {
    event: {
      type: 'run_failed',
      at: now,
      status: 'quarantined',
      failure: { code: 'unit_refused', class: 'bug', message },
    },
    audit: evidence(held.scope, now, { type: 'run.quarantined', outcome: 'unit_refused', detail: { detail } }),
    status: 'quarantined',
  });
}
