/** What a tenant can stop: everything of its own, or what bears a name there. */
export const STOP_SCOPES = ['tenant', 'agent', 'agent_version', 'tool', 'model', 'workflow', 'run'] as const;
/** `all` is the platform's own stop, over every tenant. */
export type StopScope = (typeof STOP_SCOPES)[number] | 'all';

/**
 * The rungs of a stop, each doing what those before it do and more:
 * - throttle: steps go on at a rate      - freeze_new: no run starts      - freeze_steps: no step begins
 * - revoke: calls in flight are aborted where that is harmless, and what it covers loses its keys and sessions
 * - terminate: runs it covers end as `stopped`, and say what there is to compensate
 */
export const STOP_MODES = ['throttle', 'freeze_new', 'freeze_steps', 'revoke', 'terminate'] as const;
export type StopMode = (typeof STOP_MODES)[number];
