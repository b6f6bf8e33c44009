import type { Json } from '@writ/kernel';
import type { CallOutcome } from '@writ/gateways';
import { childBill } from '@writ/registry';
import type { EngineContext } from '../context';
import type { ChildDoor } from '../doors';
import { settleDown } from '../standing';
import { newRun } from '../start-run';
import type { WakeUp } from '../wake-up';
import { insertChild } from './child-rows';

/**
 * Starts a child under what its parent may do: the same initiator and mandate, every agent that stands between, its part
 * of the budget and no later deadline. Repeatable: the child's id follows from its parent and node, so a start whose
 * answer was lost is found to be done.
 */
export const childDoor = (ctx: EngineContext, wakeUp: WakeUp): ChildDoor => ({
  async start({ proposed, decision, committed }, bill) {
    const { tenant, run: parent } = committed;
    const { child } = proposed.details;
    if (!child) throw new Error('a child run is started without saying which');
    const { run, root, depth, budget, deadline_at: deadlineAt, batch, flow, risk } = child;
    const { initiator, mandate = null } = proposed.request;
    await ctx.db.withTenant(tenant, (tx) => insertChild(tx, { tenant, child: run, parent, root, path: proposed.path }));
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
      leased: false,
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
    const moved = await settleDown(ctx, held, {
      tail: { events: [], audits: [], decisions: [] },
      standing: { status: 'queued', wait: null, wakeAt: null, release: true },
    });
    if (moved?.kind === 'resting') await wakeUp.ring(tenant, run);
    else if (moved?.kind !== 'exists') return { outcome: notStarted(moved?.kind ?? 'unknown'), tokens: 0 };
    return { outcome: { kind: 'ok', value: { run } }, tokens: 0 };
  },
});

/** Rights changed between the decision and the start, or the database refused: it is decided again. */
const notStarted = (why: string): CallOutcome<Json> => ({
  kind: 'failed',
  landed: 'no',
  failure: { code: 'child_not_started', class: 'transient', message: `the run could not be created: ${why}` },
});
