import type { RiskTier } from '@writ/words';

/** Controls of tiers in decisions and evidence: `tier:high:two_people`. */
export const TIER_RULE = 'tier:';

export const tierRule = (tier: RiskTier, id: string): string => `${TIER_RULE}${tier}:${id}`;

/** Who may publish: a control that no policy writes under `controls`. */
export const PUBLISH = 'publish';
