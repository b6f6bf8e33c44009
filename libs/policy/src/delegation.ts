import type { Entry } from './snapshot';

/** Whose rights the receiver gets: the strictest of all rules that allow the handoff. */
export const grantedMode = (granting: readonly Entry[]): 'attenuate' | 'service' =>
  granting.length > 0 && granting.every((rule) => rule.section === 'p2' && rule.mode === 'service')
    ? 'service'
    : 'attenuate';
