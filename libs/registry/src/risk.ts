import type { DecisionRequest } from '@writ/policy';
import { DEFAULT_RISK, highestRisk, type RiskTier } from '@writ/words';
import type { AgentDefinition, BillOfMaterials, Definition, ToolDefinition, WorkflowDefinition } from './definitions';

type ActRisk = NonNullable<DecisionRequest['risk']>;

const known = new WeakMap<BillOfMaterials, RiskTier>();

/**
 * The tier of a run: the highest of everything that it may touch, its own workflow, those it may start, agents and tools. What
 * nobody has classed counts as `medium`. Worked out once per bill.
 */
export function riskOf(bill: BillOfMaterials): RiskTier {
  const held = known.get(bill);
  if (held !== undefined) return held;
  const { workflow, children, agents, tools } = bill;
  const parts = [workflow, ...children.values(), ...agents.values(), ...tools.values()];
  const tier = highestRisk(parts.map(({ definition }) => definition.risk ?? DEFAULT_RISK));
  known.set(bill, tier);
  return tier;
}

/** Definitions that have a tier. */
export type Governed = AgentDefinition | ToolDefinition | WorkflowDefinition;

export const isGoverned = (one: Definition): one is Governed =>
  one.kind === 'agent' || one.kind === 'tool' || one.kind === 'workflow';

const DAY_MS = 86_400_000;

/** A definition as decisions see it: its own tier, whether it has an owner, and when its review is overdue (the day after, UTC). */
export function answerable({ kind, name, risk, review_by: by, owner, purpose }: Governed): ActRisk['parts'][number] {
  return {
    type: kind,
    id: name,
    tier: risk ?? DEFAULT_RISK,
    reviewBy: by === undefined ? null : Date.parse(by) + DAY_MS,
    owned: owner !== undefined && purpose !== undefined,
  };
}
