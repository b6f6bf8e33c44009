import { type DecisionRequest, type TenantAuthority, tiering } from '@writ/policy';
import { type BillOfMaterials, childBill, type Governed, governing, riskOf, type Versioned } from '@writ/registry';
import { highestRisk, type RiskTier } from '@writ/words';
import type { HeldRun } from './held-run';
import type { Proposal } from './proposal';

type ActRisk = NonNullable<DecisionRequest['risk']>;

/**
 * The proposal with what its decision must know of the risk of whatever has a part in it. A policy without controls of tiers
 * asks nothing, and then nothing is gathered.
 */
export function withRisk(held: HeldRun, { snapshot }: TenantAuthority, proposed: Proposal): Proposal {
  if (snapshot === null || snapshot.tiers === null) return proposed;
  const risk = actRisk(held, proposed);
  const { child } = proposed.details;
  const details = child && { ...proposed.details, child: { ...child, risk: tiering.tierOf(risk) } };
  return { ...proposed, request: { ...proposed.request, risk }, ...(details && { details }) };
}

/** The workflow, every agent of the chain that this run knows, and what is acted on; and what the runs above are. */
export function actRisk(
  { planner: { bill }, state }: Pick<HeldRun, 'planner' | 'state'>,
  { kind, request, target }: Pick<Proposal, 'kind' | 'request' | 'target'>,
): ActRisk {
  const parts = new Map<string, Governed>();
  const take = (one: Versioned<Governed> | undefined): void => {
    if (one) parts.set(`${one.definition.kind} ${one.definition.name}`, one.definition);
  };
  take(bill.workflow);
  for (const { agent } of request.chain) take(bill.agents.get(agent));
  let whole: RiskTier = (state.started.parent ?? state.started.fork)?.risk ?? 'low';
  if (kind === 'tool' || kind === 'data') take(bill.tools.get(target));
  else if (kind === 'agent' || kind === 'handoff' || kind === 'delegate') take(bill.agents.get(target));
  else if (kind === 'start') whole = highestRisk([whole, riskOf(bill)]);
  else if (kind === 'run') {
    take(bill.children.get(target));
    whole = highestRisk([whole, riskOf(childBill(bill, target))]);
  }
  return { parts: [...parts.values()].map(governing.answerable), atLeast: whole };
}

/** What the start of a run is about: its workflow, in the tier of all that it may touch. Nothing where no tier has controls. */
export function startRisk({ snapshot }: TenantAuthority, bill: BillOfMaterials): Pick<DecisionRequest, 'risk'> {
  return snapshot === null || snapshot.tiers === null ? {} : { risk: wholeRisk(bill) };
}

/** A run's workflow, in the tier of all that the run may touch. */
export const wholeRisk = (bill: BillOfMaterials): ActRisk => ({
  parts: [governing.answerable(bill.workflow.definition)],
  atLeast: riskOf(bill),
});

/** What its tier lets a run of this bill use at most; nothing where the policy does not say. */
export function ceilingOf(
  authority: TenantAuthority | undefined,
  bill: BillOfMaterials,
): { readonly [name: string]: number | undefined } {
  return authority?.snapshot?.tiers?.of(riskOf(bill)).budget ?? NO_CEILING;
}

const NO_CEILING = Object.freeze({});
