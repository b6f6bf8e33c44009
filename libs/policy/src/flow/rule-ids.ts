/** Flow rules in decisions and evidence: this, and their id. */
export const FLOW_RULE = 'flow:';

/** The rule on private data, untrusted content and a way out together. */
export const TRIFECTA = `${FLOW_RULE}trifecta`;
