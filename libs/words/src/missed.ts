/** What happens to times that passed while nothing could fire: none, the latest of them, or each. */
export const MISSED_RULES = ['skip', 'once', 'all'] as const;
export type MissedRule = (typeof MISSED_RULES)[number];
