/** How guardrails stand in decisions and evidence: the prefix, and the id they have in the bundle. */
export const GUARD = 'guard:';
export const ABSOLUTE = 'absolute:';
/** Before the ids of what the platform adds to every policy; no bundle can write it. */
export const PLATFORM = 'platform:';
