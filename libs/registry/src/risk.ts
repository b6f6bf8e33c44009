import { DEFAULT_RISK, highestRisk, type RiskTier } from '@writ/kernel';
import type { BillOfMaterials } from './definitions';

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
