import { ok, type Principal, refuse, type Result } from '@writ/kernel';
import type { TenantAuthority } from '@writ/policy';

/** The roles a principal has in all: those asserted when it was authenticated, and what the policy adds to each. */
function rolesOf(authority: TenantAuthority, principal: Pick<Principal, 'id' | 'roles'>): ReadonlySet<string> {
  const roles = new Set<string>();
  for (const name of [principal.id, ...principal.roles.map((role) => `role:${role}`)]) {
    for (const held of authority.snapshot?.roles.names(name) ?? [name]) roles.add(held);
  }
  roles.delete(principal.id);
  return roles;
}

/** What whoever may do could hold every role by doing it. */
export const GIVES_ROLES = { action: 'policy.change', object: { type: 'policy', id: 'active' } } as const;

/**
 * Refuses a key or a trigger through which its creator would hold more than now: also roles that the policy gives to the
 * principal it is for, which no list of roles in the request would show [I6]. `givesRoles`: the creator may write the
 * policy, and with it could give themselves whatever role they like.
 */
export function withinCreator(
  authority: TenantAuthority,
  creator: Principal & { readonly givesRoles: boolean },
  wanted: Pick<Principal, 'id' | 'roles'>,
): Result<null> {
  if (creator.givesRoles) return ok(null);
  const held = rolesOf(authority, creator);
  const beyond = [...rolesOf(authority, wanted)].filter((role) => !held.has(role));
  if (beyond.length === 0) return ok(null);
  return refuse({
    code: 'grant_exceeds_holder',
    class: 'policy',
    message: `${wanted.id} would act with ${beyond.join(', ')}, which ${creator.id} does not hold`,
    next: 'Ask somebody who holds these roles, or who may change the policy, to create it.',
  });
}
