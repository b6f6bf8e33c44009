import type { Closure } from './closure';
import { covers } from './names';
import type { ActionRule, HandoffRule } from './rule';

/** Who is in which group. */
export type Groups = Pick<Closure, 'has'>;

/** What the names of one request and its tenant's closures say. */
export interface Named {
  /** sub, dom, obj, act; or src, dst, dom, purpose. */
  readonly request: readonly [string, string, string, string];
  readonly tenant: string;
  readonly roles: Groups;
  readonly classes: Groups;
}

/**
 * The matcher `m` of `policies/model.conf` as a function, without its last part, the condition. A snapshot goes by it
 * only once it was held against Casbin, and as long as Casbin agrees.
 */
export function namesCoverAction({ request, tenant, roles, classes }: Named, rule: ActionRule): boolean {
  const [subject, domain, object, action] = request;
  return (
    domain === tenant &&
    covers(rule.action, action) &&
    (classes.has(object, rule.object) || covers(rule.object, object)) &&
    (roles.has(subject, rule.subject) || covers(rule.subject, subject))
  );
}

/** The matcher `m2`, likewise. */
export function namesCoverHandoff({ request, tenant, roles }: Named, rule: HandoffRule): boolean {
  const [source, target, domain, purpose] = request;
  return (
    domain === tenant &&
    covers(rule.purpose, purpose) &&
    (roles.has(source, rule.source) || covers(rule.source, source)) &&
    (roles.has(target, rule.target) || covers(rule.target, target))
  );
}
