/** How much harm something can do that goes wrong, from least to most; controls are attached to these. */
export const RISK_TIERS = ['low', 'medium', 'high'] as const;
export type RiskTier = (typeof RISK_TIERS)[number];

/** Of what nobody has classed: neither waved through nor held up like the worst. */
export const DEFAULT_RISK: RiskTier = 'medium';

/** The highest of several; of none the lowest there is. */
export function highestRisk(tiers: Iterable<RiskTier>): RiskTier {
  let highest = 0;
  for (const tier of tiers) highest = Math.max(highest, RISK_TIERS.indexOf(tier));
  return RISK_TIERS[highest]!;
}
