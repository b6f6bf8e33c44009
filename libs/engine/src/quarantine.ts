import { newId } from '@writ/kernel';
import { extendChain } from '@writ/audit';
import type { ClaimedRun } from '@writ/database';
import type { EngineContext } from './context';
import { restoreContexts } from './contexts';
import { evidence, evidenceScope } from './evidence';
import { emptyPending, type HeldRun } from './held-run';
import { endLine } from './journal-line';
import type { RunDefect } from './run-defect';
import { drawReview, reviewTerms } from './reviews/draw';
import { loadEvidence } from './snapshot/rows';
import { finishAs } from './standing';

/**
 * Takes a run out whose unit the database refuses for its data. What could not be written is dropped: it never became
 * durable, so nothing acted on it. The reason stays with the run.
 */
export async function quarantine(ctx: EngineContext, held: HeldRun, detail: string): Promise<void> {
  held.pending = emptyPending();
  const now = ctx.clock.now();
  const message = `the database refused this run's data (${detail})`;
  const terms = await reviewTerms(ctx, held);
  const drawn = terms && (await drawReview(ctx, held, { terms, status: 'quarantined' }));
  await finishAs(ctx, held, {
    event: {
      type: 'run_failed',
      at: now,
      status: 'quarantined',
      failure: { code: 'unit_refused', class: 'bug', message },
    },
    audit: evidence(
      held.scope,
      { now },
      {
        type: 'run.quarantined',
        outcome: 'unit_refused',
        ...drawn,
        detail: { detail, ...drawn?.detail },
      },
    ),
    status: 'quarantined',
  });
}

/**
 * Takes out a run that cannot be led at all: its journal cannot be read, or its plan throws wherever it is tried. It is
 * ended by its row and its evidence alone; what it holds of budgets is spent. A person may have it tried again once the
 * cause is gone.
 */
export async function quarantineUnled(ctx: EngineContext, claimed: ClaimedRun, defect: RunDefect): Promise<void> {
  const { tenant, run, nextSeq: seq, auditSeq } = claimed;
  const now = ctx.clock.now();
  const scope = evidenceScope(tenant, run, claimed.traceId);
  restoreContexts(scope, await ctx.db.withTenant(tenant, (tx) => loadEvidence(tx, tenant, run)));
  const { code, message } = defect;
  const audit = evidence(scope, { now }, { type: 'run.quarantined', outcome: code, detail: { detail: message } });
  const link = extendChain({ seq: auditSeq, hash: claimed.chainHead }, [audit]);
  const journal = endLine({ type: 'run_failed', at: now, status: 'quarantined', failure: defect.failure });
  const id = newId('unit');
  for (;;) {
    const outcome = await ctx.writer.commit({
      id,
      tenant,
      run,
      leaseEpoch: claimed.leaseEpoch,
      authority: (await ctx.authority.get(tenant)).epochs,
      seq,
      nextSeq: seq + 1,
      create: null,
      status: 'quarantined',
      wait: null,
      wakeAt: null,
      release: true,
      journal,
      audit: link.packed,
      auditHashes: link.hashes,
      auditSeq,
      mail: [],
      decisions: [],
      budget: { reserve: [], settle: [], settleRest: true },
    });
    // Committed; or another worker has it now, and finds out for itself.
    if (outcome.kind !== 'refused' || outcome.reason !== 'authority') return;
    await ctx.authority.refresh(tenant);
  }
}
