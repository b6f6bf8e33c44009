import { type AuditDraft, commitmentTo } from '@writ/audit';
import { type ApprovalId, canonicalJson, type Json } from '@writ/kernel';
import type { Decision } from '@writ/policy';
import type { Proposal } from './proposal';
import type { Tail } from './unit-request';
import type { EngineContext } from './context';
import { decisionEvidence, enterContext, evidence, tierEvidence } from './evidence';
import type { StepIntended } from './events';
import type { HeldRun } from './held-run';
import { branchOf } from './path';

/** A step with what was decided about it. */
export interface Decided {
  readonly proposed: Proposal;
  readonly decision: Decision;
  readonly step: number;
  readonly attempt: number;
}

export interface Held extends Decided {
  /** The request that was put to people, and when it changes by itself; absent where a stop holds the step. */
  readonly approval?: ApprovalId;
  readonly until?: number;
}

/** The journal's and the audit's side of an intent, with a context event before it when the constants changed. */
export function intentTail(
  ctx: EngineContext,
  held: HeldRun,
  { proposed, decision, intent }: Decided & { readonly intent: StepIntended },
): Tail {
  const { scope } = held;
  const { started } = held.state;
  const branch = branchOf(proposed.path);
  const constants = {
    started,
    bill: held.state.pinned.bill_digest,
    chain: proposed.request.chain,
    snapshot: decision.snapshot,
    build: ctx.build,
  };
  const entered = enterContext(scope, constants, { now: decision.at, branch });
  const authorized = evidence(
    scope,
    { now: decision.at, branch },
    {
      type: 'action.authorized',
      step: intent.step,
      attempt: intent.attempt,
      actor: proposed.agent === null ? started.initiator.id : `agent:${proposed.agent}`,
      action: proposed.request.action,
      object: objectOf(proposed),
      args: commitmentTo(proposed.argsText, intent.salt),
      decision: decisionEvidence(decision),
      ...flowEvidence(decision),
      ...tierEvidence(decision),
      ...(decision.approval !== undefined && { approval: decision.approval }),
      authority: decision.authority,
      ...detailOf(intent),
    },
  );
  return { events: [intent], audits: entered ? [entered, authorized] : [authorized], decisions: [decision.id] };
}

/** What was passed on, as far as the context of whoever receives it does not say it. */
function detailOf({ stubbed, handoff }: StepIntended): { readonly detail?: NonNullable<AuditDraft['detail']> } {
  const delegation = handoff?.to.delegation;
  if (!stubbed && delegation === undefined) return {};
  const passed = delegation !== undefined && {
    delegation,
    mode: handoff!.to.mode ?? null,
    ...(handoff!.parent !== undefined && { parent: handoff!.parent }),
    ...(handoff!.to.bounds && { bounds: canonicalJson(handoff!.to.bounds as Json) }),
    ...(handoff!.budget && { budget: canonicalJson(handoff!.budget as Json) }),
  };
  return { detail: { ...(stubbed && { stubbed }), ...passed } };
}

/** Labels that had entered the run: what the flow rules of a decision went by. */
const flowEvidence = ({ flow }: Decision) => flow && { labels: flow.held };

function objectOf(proposed: Proposal) {
  const { type, id, version, digest } = proposed.request.object;
  // In the order of canonical JSON, which then need not sort it.
  return { ...(digest !== undefined && { digest }), id, type, ...(version !== undefined && { version }) };
}

/** A refusal as evidence, and the constants it was decided under when these are not yet on record. */
export function refusalEvidence(ctx: EngineContext, held: HeldRun, decided: Held) {
  const { proposed, decision, step, attempt } = decided;
  const approval = decided.approval ?? decision.approval;
  const { started } = held.state;
  const constants = {
    started,
    bill: held.state.pinned.bill_digest,
    chain: proposed.request.chain,
    snapshot: decision.snapshot,
    build: ctx.build,
  };
  const branch = branchOf(proposed.path);
  const entered = enterContext(held.scope, constants, { now: decision.at, branch });
  const refused = evidence(
    held.scope,
    { now: decision.at, branch },
    {
      type: decision.verdict === 'ask' ? 'action.asked' : 'action.denied',
      step,
      attempt,
      actor: proposed.agent === null ? started.initiator.id : `agent:${proposed.agent}`,
      action: proposed.request.action,
      object: objectOf(proposed),
      decision: decisionEvidence(decision),
      ...flowEvidence(decision),
      ...tierEvidence(decision),
      ...(approval !== undefined && { approval }),
      authority: decision.authority,
    },
  );
  return { entered, refused };
}
