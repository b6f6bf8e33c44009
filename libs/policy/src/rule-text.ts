import { type Failure, sha256Hex, canonicalJson, ok, refuse, type Result } from '@writ/kernel';
import {
  actionPatterns,
  type Effect,
  type HandoffMode,
  type Link,
  nameProblem,
  type Rule,
  type Sliced,
} from '@writ/rules';
import { policyFailure } from './bundle';
import { ACTIONS, OBJECT_TYPES } from './types';

/** The literal that stands in the tenant column of every rule; a bundle belongs to whoever activates it. */
export const TENANT_COLUMN = '{tenant}';

/** What a rule file says, line by line, before it is known whether its names exist. */
export interface RuleText {
  readonly rules: readonly LocatedRule[];
  /** `g`: subject → role. */
  readonly roles: readonly Link[];
  /** `g2`: object → class. */
  readonly classes: readonly Link[];
}

export interface LocatedRule {
  readonly rule: Rule;
  /** `platform.csv:12`, or `line 12`. */
  readonly place: string;
}

/** Begins a file inside a merged text: line numbers count from here, under this name. */
export const FILE_MARK = '#@ ';

const ACTION_WORDS = new Set<string>(ACTIONS.flatMap((action) => actionPatterns(action)));
const ARITY = { p: [7, 9], p2: [8, 10], g: [4, 4], g2: [4, 4] } as const;
type Section = keyof typeof ARITY;

class Refused extends Error {
  constructor(
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/**
 * Reads the CSV. Fails with the place and one of `malformed_rule`, `unknown_section`, `bad_name`, `foreign_tenant`,
 * `unknown_action`, `unknown_object_type`, `unknown_effect`, `unknown_mode`, `duplicate_rid`, `empty_bundle`.
 */
export function* parseRules(text: string): Sliced<Result<RuleText>> {
  const rules = new Map<string, LocatedRule>();
  const links = { g: new Map<string, Link>(), g2: new Map<string, Link>() };
  let file = '';
  let line = 0;
  for (let start = 0, end = 0; start <= text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const content = text.slice(start, end).trim();
    line += 1;
    if (content.startsWith(FILE_MARK)) {
      file = content.slice(FILE_MARK.length).trim();
      line = 0;
    }
    if (content === '' || content.startsWith('#')) continue;
    const place = file === '' ? `line ${line}` : `${file}:${line}`;
    try {
      const { section, columns } = split(content);
      if (section === 'g' || section === 'g2') {
        const link = linkOf(section, columns);
        links[section].set(canonicalJson([link.member, link.group]), link);
      } else {
        addRule(section === 'p' ? actionRule(columns) : handoffRule(columns), place, rules);
      }
    } catch (error) {
      if (error instanceof Refused) return refuse(located(error, place));
      throw error;
    }
    yield;
  }
  if (rules.size === 0) return refuse(EMPTY);
  return ok({ rules: [...rules.values()], roles: [...links.g.values()], classes: [...links.g2.values()] });
}

// An empty policy is far more often a failed export than a wish; to stop everything, set a stop.
const EMPTY: Failure = policyFailure('empty_bundle', 'The bundle has no rule, so it would deny everything.');

const located = (error: Refused, place: string): Failure => ({
  code: error.code,
  class: 'permanent',
  message: `${place}: ${error.message}.`,
  details: { place },
});

function split(content: string): { readonly section: Section; readonly columns: readonly string[] } {
  if (content.includes('"')) throw new Refused('malformed_rule', 'quotes have no meaning in a rule');
  const fields = content.split(',').map((field) => field.trim());
  const section = fields[0] ?? '';
  if (!Object.hasOwn(ARITY, section)) throw new Refused('unknown_section', `a rule begins with p, p2, g or g2`);
  const [least, most] = ARITY[section as Section];
  if (fields.length < least || fields.length > most) {
    const expected = least === most ? `${least}` : `${least} to ${most}`;
    throw new Refused('malformed_rule', `${section} takes ${expected} columns, this has ${fields.length}`);
  }
  return { section: section as Section, columns: fields.slice(1) };
}

function name(value: string, what: string, pattern: boolean): string {
  const problem = nameProblem(value, pattern);
  if (problem) throw new Refused('bad_name', `the ${what} ${problem}`);
  return value;
}

function tenant(value: string): void {
  if (value === TENANT_COLUMN) return;
  throw new Refused('foreign_tenant', `the tenant column is ${TENANT_COLUMN}, whoever uses the bundle`);
}

function linkOf(section: 'g' | 'g2', columns: readonly string[]): Link {
  const [member = '', group = '', domain = ''] = columns;
  tenant(domain);
  name(member, section === 'g' ? 'subject' : 'object', false);
  name(group, section === 'g' ? 'role' : 'class', false);
  const kind = section === 'g' ? 'role:' : 'class:';
  if (!group.startsWith(kind)) throw new Refused('bad_name', `${group} does not begin with ${kind}`);
  if (section === 'g2') objectType(member, true);
  return { member, group };
}

function objectType(object: string, link: boolean): void {
  if (object === '*' && !link) return;
  if (object.startsWith('class:')) {
    if (object.endsWith('*')) throw new Refused('bad_name', 'a class is named whole, without *');
    return;
  }
  const type = object.slice(0, object.indexOf(':'));
  if (!(OBJECT_TYPES as readonly string[]).includes(type)) {
    throw new Refused('unknown_object_type', `${object} is of no known type: ${OBJECT_TYPES.join(', ')}, class`);
  }
}

function actionRule(columns: readonly string[]): Rule {
  const [subject = '', domain = '', object = '', action = '', condition = '', effect = '', obl = '', rid = ''] =
    columns;
  tenant(domain);
  name(subject, 'subject', true);
  if (subject.startsWith('role:') && subject.endsWith('*')) throw new Refused('bad_name', 'a role is named whole');
  name(object, 'object', true);
  objectType(object, false);
  if (!ACTION_WORDS.has(action)) throw new Refused('unknown_action', `there is no action ${action}`);
  const body = { section: 'p' as const, subject, object, action };
  return { ...body, ...common([body.section, subject, object, action], { condition, effect, obl, rid }) };
}

function handoffRule(columns: readonly string[]): Rule {
  const [source = '', target = '', domain = '', purpose = '', mode = '', ...rest] = columns;
  const [condition = '', effect = '', obl = '', rid = ''] = rest;
  tenant(domain);
  for (const [agent, what] of [
    [source, 'source'],
    [target, 'target'],
  ] as const) {
    name(agent, what, true);
    if (agent !== '*' && agent.endsWith('*')) throw new Refused('bad_name', `the ${what} is a name, a role or *`);
  }
  name(purpose, 'purpose', true);
  if (mode !== 'attenuate' && mode !== 'service') {
    throw new Refused(
      'unknown_mode',
      `the mode ${mode === '' ? 'is missing' : `${mode} is unknown`}: attenuate or service`,
    );
  }
  const body = { section: 'p2' as const, source, target, purpose, mode: mode as HandoffMode };
  return { ...body, ...common([body.section, source, target, purpose, mode], { condition, effect, obl, rid }) };
}

function common(
  key: readonly string[],
  text: { readonly condition: string; readonly effect: string; readonly obl: string; readonly rid: string },
): { rid: string; condition: string | null; effect: Effect; obligations: readonly string[] } {
  // Stock Casbin takes a missing effect for allow, and "Deny" for no opinion.
  if (text.effect !== 'allow' && text.effect !== 'deny') {
    const found = text.effect === '' ? 'is missing' : `${text.effect} is unknown`;
    throw new Refused('unknown_effect', `the effect ${found}: allow or deny, in lower case`);
  }
  const obligations = text.obl === '' ? [] : text.obl.split('|').map((one) => one.trim());
  if (text.condition !== '') name(text.condition, 'condition', false);
  for (const one of obligations) name(one, 'obligation', false);
  if (text.effect === 'deny' && obligations.length > 0) {
    throw new Refused('malformed_rule', 'a deny rule carries obligations, but there is nothing to oblige');
  }
  if (text.rid !== '') name(text.rid, 'rule id', false);
  const content = canonicalJson([...key, text.condition, text.effect, obligations]);
  const rid = text.rid === '' ? `rul_${sha256Hex(content).slice(0, 12)}` : text.rid;
  return { rid, condition: text.condition === '' ? null : text.condition, effect: text.effect, obligations };
}

/** A rule written twice is one rule; two rules under one id would make evidence ambiguous. */
function addRule(rule: Rule, place: string, rules: Map<string, LocatedRule>): void {
  const held = rules.get(rule.rid);
  if (!held) rules.set(rule.rid, { rule, place });
  else if (canonicalJson(held.rule) !== canonicalJson(rule)) {
    throw new Refused('duplicate_rid', `the id ${rule.rid} already names the rule of ${held.place}`);
  }
}
