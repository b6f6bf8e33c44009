import { assertNever, type BudgetId, canonicalJson } from '@writ/kernel';
import type { AuditDraft } from '@writ/audit';
import { releaseRun } from '@writ/database';
import type { TenantAuthority } from '@writ/policy';
import { type AdvanceEnd, type Moved, UNCLAIMED } from './advance-end';
import { keepAside } from './keep-aside';
import { commitUnit } from './commit';
import type { Standing, Tail } from './unit-request';
import { tellInbox } from './approvals/tell-inbox';
import type { EngineContext } from './context';
import { evidence } from './evidence';
import type { RunEvent } from './events';
import type { HeldRun } from './held-run';
import type { End } from './next-step';
import { drawReview, type DrawEvidence, reviewTerms } from './reviews/draw';
import { rowWait, waitsOf } from './waits';

/** Branches held by a stop look again this often. */
export const STOPPED_LOOK_MS = 5_000;
/**
 * Branches that wait for people are rung when these have answered, and woken when what the policy says may have changed.
 * The look is for what nobody told.
 */
export const ASKED_LOOK_MS = 600_000;

/** Commits with the lease given back; a stale authority only means: under the newest one. */
export async function settleDown(
  ctx: EngineContext,
  held: HeldRun,
  unit: {
    readonly tail: Tail;
    readonly standing: Standing;
    /** Whether something stands before it under this authority: then nothing is committed, and the run is looked at again. */
    readonly stands?: (authority: TenantAuthority) => boolean;
  },
): Promise<Moved> {
  for (;;) {
    const authority = ctx.authority.current(held.tenant) ?? (await ctx.authority.get(held.tenant));
    if (unit.stands?.(authority)) return null;
    const epochs = (held.create && held.startedUnder) ?? authority.epochs;
    const { tail, standing } = unit;
    const result = await commitUnit(ctx.writer, held, { authority: epochs, standing, build: () => tail });
    switch (result.kind) {
      case 'committed':
        await ctx.faults.at('after_outcome', { run: held.run, step: held.state.lastStep, attempt: 0 });
        return { kind: 'resting' };
      case 'nothing':
        return release(ctx, held, standing.wakeAt);
      case 'stale':
        await ctx.authority.refresh(held.tenant);
        if (held.create) return { kind: 'stale_start' };
        continue;
      case 'lost':
      case 'exists':
        return { kind: result.kind };
      case 'poisoned':
        return result;
      case 'over_budget':
        return noPlace(held, result.budget);
      case 'refused':
        throw new Error('a unit that ends or rests a run spends nothing');
      default:
        return assertNever(result, 'commit result');
    }
  }
}

/** Only a run's creation takes something by itself: a place among the runs at once. */
function noPlace(held: HeldRun, budget: BudgetId): AdvanceEnd {
  if (!held.create) throw new Error('a unit that ends or rests a run reserves nothing');
  return { kind: 'no_place', budget };
}

/** Nothing moves until `wakeAt`, mail or a person: what is pending is committed, and the lease goes back. */
export async function giveBack(ctx: EngineContext, held: HeldRun, wakeAt: number | null): Promise<Moved> {
  if (held.pending.events.length > 0 || held.create) {
    const { state } = held;
    const standing: Standing = { status: state.status, wait: rowWait(waitsOf(state)), wakeAt, release: true };
    return settleDown(ctx, held, { tail: { events: [], audits: [], decisions: [] }, standing });
  }
  return release(ctx, held, wakeAt);
}

/** What stands about the run stands in its row already. */
async function release(ctx: EngineContext, held: HeldRun, wakeAt: number | null): Promise<AdvanceEnd> {
  if (held.resumes) return UNCLAIMED;
  await ctx.db.withTenant(held.tenant, (tx) =>
    releaseRun(tx, { tenant: held.tenant, run: held.run, leaseEpoch: held.leaseEpoch, wakeAt }),
  );
  return { kind: 'resting' };
}

/** Ends the run: its last unit gives the lease back for good. */
export async function finish(
  ctx: EngineContext,
  held: HeldRun,
  { next, stands }: { readonly next: End; readonly stands?: (authority: TenantAuthority) => boolean },
): Promise<Moved> {
  const now = ctx.clock.now();
  const ref = next.type === 'finish' ? await keepAside(ctx, held.tenant, canonicalJson(next.output)) : null;
  const { event, status, code } = ending(next, now, ref);
  const terms = await reviewTerms(ctx, held);
  const drawn = terms && (await drawReview(ctx, held, { terms, status }));
  const detail = drawn ? { code, ...drawn.detail } : { code };
  const audit = evidence(held.scope, { now }, { type: 'run.finished', outcome: status, ...tierOf(drawn), detail });
  return finishAs(ctx, held, { event, audit, status, ...(stands && { stands }) });
}

const tierOf = (drawn: DrawEvidence | null) => drawn?.tier && { tier: drawn.tier };

export async function finishAs(
  ctx: EngineContext,
  held: HeldRun,
  end: {
    readonly event: RunEvent;
    readonly audit: AuditDraft;
    readonly status: Standing['status'];
    readonly stands?: (authority: TenantAuthority) => boolean;
  },
): Promise<Moved> {
  const tail: Tail = { events: [end.event], audits: [end.audit], decisions: [] };
  const moved = await settleDown(ctx, held, {
    tail,
    standing: { status: end.status, wait: null, wakeAt: null, release: true },
    ...(end.stands && { stands: end.stands }),
  });
  if (moved?.kind !== 'resting') return moved;
  await tellInbox({ db: ctx.db, now: ctx.clock.now() }, held, true);
  return { kind: 'final' };
}

const listed = (name: 'undone' | 'not_undone' | 'left', paths: readonly string[]) =>
  paths.length === 0 ? {} : { [name]: paths };

function ending(
  next: End,
  at: number,
  ref: string | null,
): { readonly event: RunEvent; readonly status: Standing['status']; readonly code: string | null } {
  switch (next.type) {
    case 'finish':
      return {
        event: { at, output: next.output, ...(ref !== null && { output_ref: ref }), type: 'run_finished' },
        status: 'succeeded',
        code: null,
      };
    case 'fail': {
      const { status, failure, toUndo = [] } = next;
      return {
        event: {
          type: 'run_failed',
          at,
          status,
          failure,
          ...(toUndo.length > 0 && { to_undo: toUndo }),
          ...listed('left', next.left ?? []),
        },
        status,
        code: failure.code,
      };
    }
    case 'cancel':
      return {
        event: {
          type: 'run_cancelled',
          at,
          by: next.by,
          reason: next.reason,
          ...listed('undone', next.undone),
          ...listed('not_undone', next.notUndone),
          ...listed('left', next.left),
        },
        status: 'cancelled',
        code: 'cancelled',
      };
    default:
      return assertNever(next, 'ending');
  }
}
