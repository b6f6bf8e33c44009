/** Flow rules in decisions and evidence: this, and their id. */
export const FLOW_RULE = 'flow:';

/** The rule on private data, untrusted content and a way out together. */
export const TRIFECTA = `${FLOW_RULE}trifecta`;

/** A value carries a label that a delegation is not for. */
export const BEYOND_LABELS = 'delegation:labels';
/** A service was to get what has no declared shape. */
export const UNSHAPED_PAYLOAD = 'delegation:payload';
/** A service was to get what somebody untrusted may have written. */
export const TAINTED_SERVICE = 'delegation:service';
