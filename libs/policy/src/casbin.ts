import { EnforceContext, Enforcer, newModelFromString, type RoleManager, Util } from 'casbin';
import { version } from 'casbin/package.json';
import type { Closure } from '@writ/rules';
import { modelText } from './model-file';

/**
 * The only file that imports Casbin. Casbin evaluates one candidate rule at a time, synchronously, with the effect
 * rewritten to allow: a deny rule alone would always answer false, and the effects are combined by us so that every
 * match is known. Nothing here loads, reloads, caches or changes a policy in place.
 */
export type Section = 'p' | 'p2';

/** One question to the matcher: does this one rule cover this request? */
export interface Question {
  readonly section: Section;
  /** Request columns: sub, dom, obj, act; or src, dst, dom, purpose. */
  readonly request: readonly [string, string, string, string];
  /** Rule columns in the model's order; the tenant column is taken from `tenant` instead. */
  readonly rule: readonly string[];
  /** Whose snapshot the rule is in. */
  readonly tenant: string;
  readonly roles: Closure;
  readonly classes: Closure;
  /** Evaluates the rule's condition; Casbin calls it last, and only when every name matches. */
  readonly holds: (condition: string) => boolean;
}

export type Matcher = (question: Question) => boolean;

/** The version whose private `getExpression` was read and measured: about 1 µs a rule, against 5 for `enforceSync`. */
const KNOWN_VERSION = '5.51.1';

/** Where the tenant and the effect stand among a rule's columns. */
const TENANT: { readonly [S in Section]: number } = { p: 1, p2: 2 };
const EFFECT: { readonly [S in Section]: number } = { p: 5, p2: 6 };

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

/**
 * Casbin's own compiled matcher, called directly. The scope is one reused object per section: evaluation is synchronous
 * and never re-entered, and a fresh one per rule is what makes stock Casbin slow.
 */
function compiledMatcher(): Matcher | null {
  const enforcer = emptyEnforcer();
  const internals = enforcer as unknown as Internals;
  if (version !== KNOWN_VERSION || typeof internals.getExpression !== 'function') return null;
  let current: Question | null = null;
  // Role managers are asked directly: Casbin's wrapper memoises comma-joined arguments, so a kept one can be made to
  // answer for another subject.
  const functions = {
    g: (member: string, role: string) => current!.roles.has(member, role),
    g2: (object: string, group: string) => current!.classes.has(object, group),
    keyMatch: Util.keyMatchFunc,
    cond,
  };
  const sections = { p: section('p', 'r', 'm'), p2: section('p2', 'r2', 'm2') };

  function section(rule: Section, request: string, matcher: string) {
    const { model } = enforcer.getModel();
    const text = model.get('m')?.get(matcher)?.value;
    const requestTokens = model.get('r')?.get(request)?.tokens;
    const ruleTokens = model.get('p')?.get(rule)?.tokens;
    if (!text || requestTokens?.length !== 5 || !ruleTokens) throw new Error(`policies/model.conf lacks ${matcher}`);
    const scope: Scope = {};
    for (const token of [...requestTokens, ...ruleTokens]) scope[token] = '';
    Object.assign(scope, functions);
    const run = internals.getExpression!.call(enforcer, false, text);
    return { scope, requestTokens, ruleTokens, run };
  }

  return function compiled(question) {
    const { scope, requestTokens, ruleTokens, run } = sections[question.section];
    const { request, rule } = question;
    for (let i = 0; i < 4; i++) scope[requestTokens[i]!] = request[i];
    scope[requestTokens[4]!] = question;
    for (let i = 0; i < ruleTokens.length; i++) scope[ruleTokens[i]!] = rule[i];
    scope[ruleTokens[TENANT[question.section]]!] = question.tenant;
    current = question;
    try {
      return strictly(run(scope));
    } finally {
      current = null;
    }
  };
}

/** The closure of one question as a role manager; whatever would change it throws. */
class FixedRoles implements RoleManager {
  constructor(readonly closure: () => Closure) {}

  syncedHasLink(member: string, group: string): boolean {
    return this.closure().has(member, group);
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
    const { section, request } = question;
    const assertion = model.get('p')!.get(section)!;
    const row = [...question.rule];
    row[TENANT[section]] = question.tenant;
    row[EFFECT[section]] = 'allow';
    assertion.policy = [row];
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
  const roles = { has: (member: string, group: string) => member === group || group === 'role:r' } as Closure;
  const classes = { has: (member: string, group: string) => member === group || group === 'class:c' } as Closure;
  const base = { roles, classes, tenant: 't', holds: (condition: string) => condition !== 'no' };
  const action = (rule: string[]): Question => ({
    ...base,
    section: 'p',
    request: ['user:a', 't', 'tool:x_1', 'tool.invoke'],
    rule: [...rule, 'deny', '', 'rid'],
  });
  const handoff = (rule: string[]): Question => ({
    ...base,
    section: 'p2',
    request: ['agent:a', 'agent:b', 't', 'billing'],
    rule: [...rule, 'deny', '', 'rid'],
  });
  return [
    action(['user:a', 't', 'tool:x_1', 'tool.invoke', '']),
    action(['role:r', 't', 'class:c', 'tool.*', 'yes']),
    action(['*', 't', 'tool:x_*', '*', 'yes']),
    { ...action(['user:a', 't', 'tool:x_1', 'tool.invoke', '']), tenant: 'u' },
    action(['user:b', 't', 'tool:x_1', 'tool.invoke', '']),
    action(['user:a', 't', 'tool:y_*', 'tool.invoke', '']),
    action(['user:a', 't', 'tool:x_1', 'run.*', '']),
    action(['user:a', 't', 'tool:x_1', 'tool.invoke', 'no']),
    handoff(['agent:a', 'agent:b', 't', 'billing', 'service', '']),
    handoff(['role:r', '*', 't', '*', 'attenuate', 'yes']),
    handoff(['agent:c', 'agent:b', 't', 'billing', 'service', '']),
    handoff(['agent:a', 'agent:c', 't', 'billing', 'service', '']),
    handoff(['agent:a', 'agent:b', 't', 'returns', 'service', '']),
    handoff(['agent:a', 'agent:b', 't', 'billing', 'service', 'no']),
    { ...handoff(['agent:a', 'agent:b', 't', 'billing', 'service', '']), tenant: 'u' },
  ];
}
