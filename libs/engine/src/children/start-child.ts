import type { Json } from '@writ/kernel';
import type { CallOutcome } from '@writ/gateways';
import { childBill } from '@writ/registry';
import type { EngineContext } from '../context';
import type { ChildDoor } from '../doors';
import type { HeldRun } from '../held-run';
import { settleDown } from '../standing';
import { type LocalWorker, startHere } from '../start-here';
import { newRun } from '../start-run';
import type { WakeUp } from '../wake-up';
import { enterChild } from './child-rows';

/**
 * Starts a child under what its parent may do: the same initiator and mandate, every agent that stands between, its part
 * of the budget and no later deadline. Repeatable: the child's id follows from its parent and node, so a start whose
 * answer was lost is found to be done. Where this process has a place for it, it is led here from its first unit on.
 */
export const childDoor = (
  ctx: EngineContext,
  { wakeUp, local }: { readonly wakeUp: WakeUp; readonly local: LocalWorker | null },
): ChildDoor => ({
  async start({ proposed, decision, committed }, bill) {
    const { tenant, run: parent } = committed;
    const { child } = proposed.details;
    if (!child) throw new Error('a child run is started without saying which');
    const { run, root, depth, budget, deadline_at: deadlineAt, batch, flow, risk } = child;
    const { initiator, mandate = null } = proposed.request;
    await enterChild(ctx.db, { tenant, child: run, parent, root, path: proposed.path });
    const leased = local?.mayBegin(tenant) === true;
    const held = newRun(ctx, {
      input: {
        tenant,
        caller: initiator,
        workflow: proposed.target,
        input: proposed.args,
        mandate,
        budget,
        ...(batch && { batch }),
      },
      leased,
      bill: childBill(bill, proposed.target),
      initiator,
      decision,
      now: ctx.clock.now(),
      child: {
        run,
        deadlineAt,
        parent: {
          run: parent,
          root,
          path: proposed.path,
          chain: proposed.request.chain,
          depth,
          ...(flow && { flow }),
          ...(risk && { risk }),
        },
      },
    });
    const end = leased ? await startHere(local!, held) : await startElsewhere(ctx, wakeUp, held);
    if (end !== 'started' && end !== 'exists') {
      return { outcome: notStarted(typeof end === 'string' ? end : end.kind), tokens: 0 };
    }
    return { outcome: { kind: 'ok', value: { run } }, tokens: 0 };
  },
});

/** Made durable, and rung for. */
async function startElsewhere(ctx: EngineContext, wakeUp: WakeUp, held: HeldRun): Promise<string> {
  const moved = await settleDown(ctx, held, {
    tail: { events: [], audits: [], decisions: [] },
    standing: { status: 'queued', wait: null, wakeAt: null, release: true },
  });
  if (moved?.kind !== 'resting') return moved?.kind ?? 'unknown';
  await wakeUp.ring(held.tenant, held.run);
  return 'started';
}

/** Rights changed between the decision and the start, or the database refused: it is decided again. */
const notStarted = (why: string): CallOutcome<Json> => ({
  kind: 'failed',
  landed: 'no',
  failure: { code: 'child_not_started', class: 'transient', message: `the run could not be created: ${why}` },
});
