import {
  DefaultRoleManager,
  EnforceContext,
  Enforcer,
  newEnforcer,
  newModelFromString,
  type RoleManager,
  Util,
} from 'casbin';
import { version } from 'casbin/package.json';
import type { ActionRule, Groups, HandoffRule, Link, Rule } from '@writ/rules';
import { modelText } from './model-file';

/**
 * The only file that imports Casbin. Casbin evaluates one candidate rule at a time, synchronously, with the effect
 * rewritten to allow: a deny rule alone would always answer false, and the effects are combined by us so that every
 * match is known. Nothing here loads, reloads, caches or changes a policy in place.
 */
/** One question to the matcher: does this one rule cover this request? */
export interface Question {
  /** Request columns: sub, dom, obj, act; or src, dst, dom, purpose. */
  readonly request: readonly [string, string, string, string];
  readonly rule: Rule;
  /** Whose snapshot the rule is in. */
  readonly tenant: string;
  readonly roles: Groups;
  readonly classes: Groups;
  /** Evaluates the rule's condition; Casbin calls it last, and only when every name matches. */
  holds(condition: string): boolean;
}

export type Matcher = (question: Question) => boolean;

/** The version whose private `getExpression` was read and measured: about 1 µs a rule, against 5 for `enforceSync`. */
const KNOWN_VERSION = '5.51.1';

// Casbin hands `r.ctx` to the function `cond`: the question itself is the context.
const cond = (question: Question, condition: string): boolean => question.holds(condition);

function strictly(answer: unknown): boolean {
  // A matcher that answers anything else is not the model this file was written for; the caller denies.
  if (typeof answer !== 'boolean') throw new Error(`the matcher answered a ${typeof answer}`);
  return answer;
}

/** An enforcer that holds the model and no rule. Its asynchronous parts are never used. */
function emptyEnforcer(): Enforcer {
  const enforcer = new Enforcer();
  enforcer.setModel(newModelFromString(modelText()));
  void enforcer.addFunction('cond', cond);
  return enforcer;
}

type Scope = Record<string, unknown>;
type Compiled = (scope: Scope) => unknown;
interface Internals {
  getExpression?: (asynchronous: boolean, text: string) => Compiled;
}

/** The model's own words: what `policies/model.conf` must define for the assignments below to mean what they say. */
const TOKENS: { readonly [kind: string]: string } = {
  r: 'r_sub r_dom r_obj r_act r_ctx',
  p: 'p_sub p_dom p_obj p_act p_cond p_eft p_obl p_rid',
  r2: 'r2_src r2_dst r2_dom r2_purpose r2_ctx',
  p2: 'p2_src p2_dst p2_dom p2_purpose p2_mode p2_cond p2_eft p2_obl p2_rid',
};

/**
 * Casbin's own compiled matcher, called directly. One scope object per section is used again and again: evaluation is
 * synchronous and never re-entered, and building a scope for each rule is what makes stock Casbin slow. Its names are
 * written out, since assigning by computed name costs as much as the evaluation.
 */
function compiledMatcher(): Matcher | null {
  const enforcer = emptyEnforcer();
  const internals = enforcer as unknown as Internals;
  if (version !== KNOWN_VERSION || typeof internals.getExpression !== 'function') return null;
  const { model } = enforcer.getModel();
  const tokensOf = (kind: string) => model.get(kind.charAt(0))?.get(kind)?.tokens?.join(' ');
  if (Object.entries(TOKENS).some(([kind, tokens]) => tokensOf(kind) !== tokens)) return null;
  let current: Question | null = null;
  // Role managers are asked directly: Casbin's wrapper memoises comma-joined arguments, so a kept one can be made to
  // answer for another subject.
  const g = (member: string, role: string): boolean => current!.roles.has(member, role);
  const g2 = (object: string, group: string): boolean => current!.classes.has(object, group);
  const scopeOf = (...kinds: string[]): Scope => {
    const scope: Scope = {};
    for (const token of kinds.flatMap((kind) => TOKENS[kind]!.split(' '))) scope[token] = '';
    return Object.assign(scope, { g, g2, keyMatch: Util.keyMatchFunc, cond });
  };
  const expression = (name: string): Compiled =>
    internals.getExpression!.call(enforcer, false, model.get('m')!.get(name)!.value);
  const [p, p2] = [scopeOf('r', 'p'), scopeOf('r2', 'p2')];
  const [m, m2] = [expression('m'), expression('m2')];

  const action = ({ request, tenant }: Question, rule: ActionRule): unknown => {
    p.r_sub = request[0];
    p.r_dom = request[1];
    p.r_obj = request[2];
    p.r_act = request[3];
    p.r_ctx = current;
    p.p_sub = rule.subject;
    p.p_dom = tenant;
    p.p_obj = rule.object;
    p.p_act = rule.action;
    p.p_cond = rule.condition ?? '';
    return m(p);
  };
  const handoff = ({ request, tenant }: Question, rule: HandoffRule): unknown => {
    p2.r2_src = request[0];
    p2.r2_dst = request[1];
    p2.r2_dom = request[2];
    p2.r2_purpose = request[3];
    p2.r2_ctx = current;
    p2.p2_src = rule.source;
    p2.p2_dst = rule.target;
    p2.p2_dom = tenant;
    p2.p2_purpose = rule.purpose;
    p2.p2_cond = rule.condition ?? '';
    return m2(p2);
  };
  return function compiled(question) {
    current = question;
    const { rule } = question;
    return strictly(rule.section === 'p' ? action(question, rule) : handoff(question, rule));
  };
}

/** A rule's columns in the model's order, effect and obligations as said above: allow, and none. */
const columnsOf = (rule: Rule, tenant: string): string[] =>
  rule.section === 'p'
    ? [rule.subject, tenant, rule.object, rule.action, rule.condition ?? '', 'allow', '', rule.rid]
    : [rule.source, rule.target, tenant, rule.purpose, rule.mode, rule.condition ?? '', 'allow', '', rule.rid];

/** The groups of one question as a role manager; whatever would change it throws. */
class FixedRoles implements RoleManager {
  constructor(readonly groups: () => Groups) {}

  syncedHasLink(member: string, group: string): boolean {
    return this.groups().has(member, group);
  }

  async hasLink(member: string, group: string): Promise<boolean> {
    return this.syncedHasLink(member, group);
  }

  clear = refuse;
  addLink = refuse;
  deleteLink = refuse;
  getRoles = refuse;
  getUsers = refuse;
  printRoles = refuse;
  getDomains = refuse;
  getAllDomains = refuse;
}

async function refuse(): Promise<never> {
  throw new Error('a snapshot and its roles never change');
}

/** The public way: `enforceSync` over a policy of exactly one rule. Five times slower, the same answers. */
export function publicMatcher(): Matcher {
  const enforcer = emptyEnforcer();
  const { model } = enforcer.getModel();
  let current: Question | null = null;
  const managers = { g: new FixedRoles(() => current!.roles), g2: new FixedRoles(() => current!.classes) };
  for (const [name, manager] of Object.entries(managers)) model.get('g')!.get(name)!.rm = manager;
  const contexts = { p: new EnforceContext('r', 'p', 'e', 'm'), p2: new EnforceContext('r2', 'p2', 'e2', 'm2') };
  return function evaluated(question) {
    const { rule, request, tenant } = question;
    const { section } = rule;
    const assertion = model.get('p')!.get(section)!;
    assertion.policy = [columnsOf(rule, tenant)];
    current = question;
    try {
      return strictly(enforcer.enforceSync(contexts[section], ...request, question));
    } finally {
      current = null;
      assertion.policy = [];
    }
  };
}

let chosen: Matcher | null = null;

/**
 * The matcher in use: the compiled one where this is the Casbin it was written for and both give the same answers to a
 * few questions asked now, the public one otherwise.
 */
export function matcher(): Matcher {
  if (chosen) return chosen;
  const fast = compiledMatcher();
  const plain = publicMatcher();
  chosen = fast !== null && agrees(fast, plain) ? fast : plain;
  return chosen;
}

function agrees(fast: Matcher, plain: Matcher): boolean {
  return probes().every((question) => {
    try {
      return fast(question) === plain(question);
    } catch {
      return false;
    }
  });
}

/** Each column once right and once wrong, both sections, a condition that holds and one that does not. */
function probes(): Question[] {
  const roles: Groups = { has: (member, group) => member === group || group === 'role:r' };
  const classes: Groups = { has: (member, group) => member === group || group === 'class:c' };
  const base = { roles, classes, tenant: 't', holds: (condition: string) => condition !== 'no' };
  const common = { rid: 'rid', effect: 'deny', obligations: [] } as const;
  const action = ([subject, object, word, condition]: readonly [string, string, string, string | null]): Question => ({
    ...base,
    request: ['user:a', 't', 'tool:x_1', 'tool.invoke'],
    rule: { ...common, section: 'p', subject, object, action: word, condition },
  });
  const handoff = ([source, target, purpose, condition]: readonly [
    string,
    string,
    string,
    string | null,
  ]): Question => ({
    ...base,
    request: ['agent:a', 'agent:b', 't', 'billing'],
    rule: { ...common, section: 'p2', source, target, purpose, mode: 'service', condition },
  });
  return [
    action(['user:a', 'tool:x_1', 'tool.invoke', null]),
    action(['role:r', 'class:c', 'tool.*', 'yes']),
    action(['*', 'tool:x_*', '*', 'yes']),
    { ...action(['user:a', 'tool:x_1', 'tool.invoke', null]), tenant: 'u' },
    action(['user:b', 'tool:x_1', 'tool.invoke', null]),
    action(['user:a', 'tool:y_*', 'tool.invoke', null]),
    action(['user:a', 'tool:x_1', 'run.*', null]),
    action(['user:a', 'tool:x_1', 'tool.invoke', 'no']),
    handoff(['agent:a', 'agent:b', 'billing', null]),
    handoff(['role:r', '*', '*', 'yes']),
    handoff(['agent:c', 'agent:b', 'billing', null]),
    handoff(['agent:a', 'agent:c', 'billing', null]),
    handoff(['agent:a', 'agent:b', 'returns', null]),
    handoff(['agent:a', 'agent:b', 'billing', 'no']),
    { ...handoff(['agent:a', 'agent:b', 'billing', null]), tenant: 'u' },
  ];
}

/** Stock Casbin over rules and roles of its own: no index, no closure and no effect of ours. */
export interface StockPolicy {
  /** Its verdict over all rules of a section. */
  allows(section: Rule['section'], request: Question['request'], holds: Question['holds']): boolean;
  /** Whether this one rule covers a request, whatever its effect. */
  covers(rule: Rule, request: Question['request'], holds: Question['holds']): boolean;
}

/** Levels of roles a snapshot may have, and more: Casbin's own limit of 10 is silent. */
const STOCK_LEVELS = 64;

export interface StockRules {
  readonly rules: readonly Rule[];
  readonly roles: readonly Link[];
  readonly classes: readonly Link[];
}

export async function stockPolicy({ rules, roles, classes }: StockRules, tenant: string): Promise<StockPolicy> {
  const enforcer = await newEnforcer(newModelFromString(modelText()));
  void enforcer.addFunction('cond', cond);
  const { model } = enforcer.getModel();
  const sections = model.get('p')!;
  for (const [name, links] of Object.entries({ g: roles, g2: classes })) {
    void enforcer.setNamedRoleManager(name, new DefaultRoleManager(STOCK_LEVELS));
    model.get('g')!.get(name)!.policy = links.map(({ member, group }) => [member, group, tenant]);
  }
  await enforcer.buildRoleLinks();
  const whole = { p: [] as string[][], p2: [] as string[][] };
  for (const rule of rules) {
    const columns = columnsOf(rule, tenant);
    whole[rule.section].push(columns.with(rule.section === 'p' ? 5 : 6, rule.effect));
  }
  const contexts = { p: new EnforceContext('r', 'p', 'e', 'm'), p2: new EnforceContext('r2', 'p2', 'e2', 'm2') };
  const ask = (section: Rule['section'], request: Question['request'], holds: Question['holds']): boolean =>
    strictly(enforcer.enforceSync(contexts[section], ...request, { holds }));
  return {
    allows: (section, request, holds) => {
      sections.get(section)!.policy = whole[section];
      return whole[section].length > 0 && ask(section, request, holds);
    },
    covers: (rule, request, holds) => {
      sections.get(rule.section)!.policy = [columnsOf(rule, tenant)];
      return ask(rule.section, request, holds);
    },
  };
}
