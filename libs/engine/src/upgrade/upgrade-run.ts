import { canonicalJson, type Failure, isId, newId, ok, refuse, type Result } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { insertMail, type RunRow, runRow, type Tx } from '@writ/database';
import { type Decision, decide, type DecisionRequest } from '@writ/policy';
import { isFinal } from '@writ/words';
import type { UpgradeInput } from '../api';
import type { EngineContext } from '../context';
import { decisionEvidence } from '../evidence';
import type { UpgradeBody } from '../mail-bodies';
import { recordDecisionIn } from '../record-decision';
import type { WakeUp } from '../wake-up';
import { considerUpgrade, notMoved } from './choice';

/**
 * Asks a run to go on by other versions. Decided twice: before anything about the run is looked at, and with the letter.
 * The run looks once more when it takes the letter up, since it may have gone on meanwhile.
 */
export async function upgradeRun(
  ctx: EngineContext,
  wakeUp: WakeUp,
  input: UpgradeInput,
): Promise<Result<{ readonly accepted: boolean }>> {
  const { tenant, run, version, reason, caller } = input;
  const may = await ctx.db.withTenant(tenant, (tx) => decided(tx, ctx, input));
  if (!may.ok) return may;
  const considered = await considerUpgrade(ctx.db, { tenant, run, version });
  if (!considered) return refuse(noRun(run));
  if (!considered.ok) return considered;
  const { choice, to } = considered.value;
  const stays = notMoved(choice);
  if (stays) return refuse(stays);
  const body: UpgradeBody = { ...to, version: choice.version, reason };
  const sent = await ctx.db.withTenant(tenant, async (tx): Promise<Result<{ accepted: boolean }>> => {
    const again = await decided(tx, ctx, input);
    if (!again.ok) return again;
    const decision = again.value;
    const id = newId('mail', ctx.clock.now());
    const letter = { tenant, run, id, kind: 'upgrade', body: canonicalJson(body), sender: caller.id } as const;
    const accepted = await insertMail(tx, { ...letter, dedup: null });
    if (!accepted) return ok({ accepted });
    await appendTenantEvent(tx, tenant, {
      type: 'action.authorized',
      actor: caller.id,
      action: 'run.upgrade',
      object: { type: 'run', id: run },
      decision: { ...decisionEvidence(decision), snapshot: decision.snapshot },
      authority: decision.authority,
      detail: { mail: id, kind: 'upgrade', bill: to.bill_digest },
    });
    return ok({ accepted });
  });
  if (sent.ok) await wakeUp.ring(tenant, run);
  return sent;
}

/** May they, and does the run go on at all. A refusal is recorded. */
async function decided(tx: Tx, ctx: EngineContext, { tenant, run, caller }: UpgradeInput): Promise<Result<Decision>> {
  const row: RunRow | null = isId('run', run) ? await runRow(tx, tenant, run) : null;
  if (!row) return refuse(noRun(run));
  const request: DecisionRequest = {
    tenant,
    initiator: caller,
    chain: [],
    action: 'run.upgrade',
    object: { type: 'run', id: row.workflow },
    now: ctx.clock.now(),
  };
  const authority = await ctx.authority.get(tenant);
  const first = decide(authority, request);
  // Nobody is refused by a rule that is gone.
  const newer = first.verdict === 'allow' ? null : await ctx.authority.newerThan(authority);
  const decision = newer === null ? first : decide(newer, request);
  if (decision.verdict !== 'allow') {
    await recordDecisionIn(tx, { request, decision });
    return refuse(denied(decision));
  }
  return isFinal(row.status) ? refuse(isOver(row.status)) : ok(decision);
}

const noRun = (run: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no run ${run}`,
  next: 'List the runs you may see with `writ runs list`.',
});

const isOver = (status: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `the run is ${status}`,
  next: 'Fork it, or start a new run.',
});

const denied = ({ id, reason }: Decision): Failure => ({
  code: 'policy_denied',
  class: 'policy',
  message: `run.upgrade was refused: ${reason}`,
  next: `Ask \`writ explain ${id}\` what would allow it.`,
  details: { decision_id: id, reason },
});
