/** Whether a scope covers an action or a narrower scope: `*` all, `run.*` the area, otherwise itself. */
function covers(held: string, wanted: string): boolean {
  if (held === '*' || held === wanted) return true;
  return held.endsWith('.*') && wanted !== '*' && wanted.startsWith(held.slice(0, -1));
}

/** Scopes narrow what a key may be used for; what its principal may do is the policy's to say, each time. */
export const scopesAllow = (scopes: readonly string[], action: string): boolean =>
  scopes.some((scope) => covers(scope, action));

export interface Grant {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/**
 * What of a grant its giver does not hold; empty when all of it is held.
 * INVARIANT (I6): nobody gives away more than they hold.
 */
export function beyondHolder(wanted: Grant, holder: Grant): { readonly roles: string[]; readonly scopes: string[] } {
  return {
    roles: wanted.roles.filter((role) => !holder.roles.includes(role)),
    scopes: wanted.scopes.filter((scope) => !scopesAllow(holder.scopes, scope)),
  };
}
