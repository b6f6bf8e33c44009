import { sha256Hex } from '@writ/kernel';
import { actionPatterns } from './action-patterns';
import { LineScanner } from './line-scanner';
import { nameProblem } from './names';
import type { ActionRule, Effect, HandoffRule, Link } from './rule';

/** The literal that stands in the tenant column of every rule; a bundle belongs to whoever activates it. */
export const TENANT_COLUMN = '{tenant}';

/** Why one line is no rule. */
export class RefusedLine extends Error {
  constructor(
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/**
 * A line read: what it says, and the one way to write it. That of a rule is its `text`, then a comma, a blank and its id:
 * nobody needs the two in one piece before all are sorted.
 */
export type ReadLine =
  | { readonly section: 'p'; readonly rule: ActionRule; readonly text: string }
  | { readonly section: 'p2'; readonly rule: HandoffRule; readonly text: string }
  | { readonly section: 'g' | 'g2'; readonly link: Link; readonly line: string };

/** The words rules may use for actions, objects, and those who act. */
export interface Vocabulary {
  readonly actions: readonly string[];
  readonly objectTypes: readonly string[];
  /** Kinds of subjects beside roles. */
  readonly subjectTypes: readonly string[];
}

const ARITY = { p: [7, 9], p2: [8, 10], g: [4, 4], g2: [4, 4] } as const;
/** What stands in nearly every line. */
const PARTS = ['p', 'g', 'g2', TENANT_COLUMN, 'allow', 'deny'] as const;
const NO_OBLIGATION: readonly string[] = Object.freeze([]);
const RID_DIGITS = 12;

/** The columns of an action rule, as they stand. */
interface ActionColumns {
  readonly who: string;
  readonly domain: string;
  readonly what: string;
  readonly word: string;
  readonly cond: string;
  readonly eft: string;
  readonly obl: string;
  readonly rid: string;
}

/**
 * Reads the lines of one bundle. A name is checked where it first stands and is the same string wherever it stands
 * again: a bundle of a thousand rules holds a few hundred names. With no vocabulary any word will do, for those who read
 * a policy that was in force once, perhaps with words that came or went since.
 */
export class RuleReader {
  readonly #scanner = new LineScanner(PARTS);
  readonly #names = new Map<string, string>();
  /** Each word to itself: rules then hold the very strings that requests are made with, and comparing them is free. */
  readonly #actions: ReadonlyMap<string, string> | null;
  readonly #subjects: Kinds;
  readonly #objects: Kinds;

  constructor(vocabulary: Vocabulary | null) {
    this.#actions = vocabulary && wordsOf(vocabulary.actions);
    this.#objects = new Kinds(vocabulary && vocabulary.objectTypes);
    this.#subjects = new Kinds(vocabulary && [...vocabulary.subjectTypes, 'role']);
  }

  /** Throws `RefusedLine`. */
  read(content: string): ReadLine {
    return this.readAt(content, 0, content.length);
  }

  /** Reads what stands from `start` to `end`, with no white space around it. Throws `RefusedLine`. */
  readAt(text: string, start: number, end: number): ReadLine {
    const { columns } = this.#scanner;
    const count = this.#scanner.scan(text, start, end);
    const [section, who, domain, what] = [columns[0]!, columns[1]!, columns[2]!, columns[3]!];
    const [obl, rid] = [count > 7 ? columns[7]! : '', count > 8 ? columns[8]! : ''];
    const isWhole = count === 7 || count === 8 || (count === 9 && rid !== '');
    if (isWhole && section === 'p' && domain === TENANT_COLUMN) {
      const found = { who, domain, what, word: columns[4]!, cond: columns[5]!, eft: columns[6]!, obl, rid };
      // As it would be written anew: the column of obligations stands there whether or not there are any.
      const written = text.slice(start, rid === '' ? end : end - rid.length - 2);
      return this.#action(found, count === 7 ? `${written}, ` : written);
    }
    if ((section === 'g' || section === 'g2') && count === 4 && what === TENANT_COLUMN) {
      return this.#link(section, { member: who, group: domain }, text.slice(start, end));
    }
    return this.#readAnyhow(text.slice(start, end));
  }

  /** A line as somebody wrote it. */
  #readAnyhow(content: string): ReadLine {
    if (content.includes('"')) throw new RefusedLine('malformed_rule', 'quotes have no meaning in a rule');
    const columns = content.split(',');
    for (let i = 0; i < columns.length; i++) columns[i] = columns[i]!.trim();
    const [section = ''] = columns;
    if (!Object.hasOwn(ARITY, section)) {
      throw new RefusedLine('unknown_section', 'a rule begins with p, p2, g or g2');
    }
    const kind = section as keyof typeof ARITY;
    const [least, most] = ARITY[kind];
    if (columns.length < least || columns.length > most) {
      const expected = least === most ? `${least}` : `${least} to ${most}`;
      throw new RefusedLine('malformed_rule', `${kind} takes ${expected} columns, this has ${columns.length}`);
    }
    if (kind === 'p2') return this.#handoff(columns);
    if (kind !== 'p') {
      const [, from = '', to = '', where = ''] = columns;
      tenant(where);
      return this.#link(kind, { member: from, group: to }, null);
    }
    const [, who = '', domain = '', what = '', word = '', cond = '', eft = '', obl = '', rid = ''] = columns;
    return this.#action({ who, domain, what, word, cond, eft, obl, rid }, null);
  }

  /** `written`: the rule as one line without its id, where it is at hand. */
  #action({ who, domain, what, word, cond, eft, obl, rid }: ActionColumns, written: string | null): ReadLine {
    tenant(domain);
    const subject = this.#subjects.good(who) ?? this.#anyone(who);
    const object = this.#objects.good(what) ?? this.#anything(what);
    const action = this.#actions === null ? this.#name(word, 'action', true) : this.#actions.get(word);
    if (action === undefined) throw new RefusedLine('unknown_action', `there is no action ${word}`);
    const { condition, effect, obligations } = this.#tail(cond, eft, obl);
    const text =
      written ?? `p, ${subject}, ${TENANT_COLUMN}, ${object}, ${action}, ${tailText(condition, effect, obligations)}`;
    const named = this.#rid(rid, text);
    const rule = { rid: named, condition, effect, obligations, section: 'p', subject, object, action } as const;
    return { section: 'p', rule, text };
  }

  #handoff(columns: readonly string[]): ReadLine {
    const [, from = '', to = '', domain = '', why = '', mode = '', ...rest] = columns;
    const [cond = '', eft = '', obl = '', rid = ''] = rest;
    tenant(domain);
    const source = this.#agent(from, 'source');
    const target = this.#agent(to, 'target');
    const purpose = this.#name(why, 'purpose', true);
    if (mode !== 'attenuate' && mode !== 'service') {
      const found = mode === '' ? 'is missing' : `${mode} is unknown`;
      throw new RefusedLine('unknown_mode', `the mode ${found}: attenuate or service`);
    }
    const { condition, effect, obligations } = this.#tail(cond, eft, obl);
    const tail = tailText(condition, effect, obligations);
    const text = `p2, ${source}, ${target}, ${TENANT_COLUMN}, ${purpose}, ${mode}, ${tail}`;
    const named = this.#rid(rid, text);
    const common = { rid: named, condition, effect, obligations };
    const rule: HandoffRule = { section: 'p2', source, target, purpose, mode, ...common };
    return { section: 'p2', rule, text };
  }

  /** `written`: the link as one line, where it is at hand. */
  #link(section: 'g' | 'g2', found: Link, written: string | null): ReadLine {
    const member = this.#name(found.member, section === 'g' ? 'subject' : 'object', false);
    const group = this.#name(found.group, section === 'g' ? 'role' : 'class', false);
    const kind = section === 'g' ? 'role:' : 'class:';
    if (!group.startsWith(kind)) throw new RefusedLine('bad_name', `${group} does not begin with ${kind}`);
    if (section === 'g2') this.#objectType(member, true);
    else this.#subject(member);
    const line = written ?? `${section}, ${member}, ${group}, ${TENANT_COLUMN}`;
    return { section, link: { member, group }, line };
  }

  #tail(cond: string, eft: string, obl: string) {
    // Stock Casbin takes a missing effect for allow, and "Deny" for no opinion.
    if (eft !== 'allow' && eft !== 'deny') {
      const found = eft === '' ? 'is missing' : `${eft} is unknown`;
      throw new RefusedLine('unknown_effect', `the effect ${found}: allow or deny, in lower case`);
    }
    const effect: Effect = eft === 'allow' ? 'allow' : 'deny';
    const condition = cond === '' ? null : this.#name(cond, 'condition', false);
    if (obl === '') return { condition, effect, obligations: NO_OBLIGATION };
    if (effect === 'deny') {
      throw new RefusedLine('malformed_rule', 'a deny rule carries obligations, but there is nothing to oblige');
    }
    const obligations = obl.split('|').map((one) => this.#name(one.trim(), 'obligation', false));
    return { condition, effect, obligations: Object.freeze(obligations) };
  }

  #agent(name: string, what: string): string {
    const agent = this.#name(name, what, true);
    this.#subject(agent);
    if (agent === '*' || !agent.endsWith('*')) return agent;
    throw new RefusedLine('bad_name', `the ${what} is a name, a role or *`);
  }

  #rid(given: string, text: string): string {
    return given === '' ? `rul_${sha256Hex(text).slice(0, RID_DIGITS)}` : this.#given(given);
  }

  #given(rid: string): string {
    if (rid.startsWith('?'))
      throw new RefusedLine('bad_name', 'the rule id begins with ?, which has a meaning in evidence');
    return this.#name(rid, 'rule id', false);
  }

  #name(value: string, what: string, pattern: boolean): string {
    const held = this.#names.get(value);
    // Every name is a pattern without a star: what was good as one is good as the other, but for the star.
    if (held !== undefined && (pattern || !held.endsWith('*'))) return held;
    const problem = nameProblem(value, pattern);
    if (problem) throw new RefusedLine('bad_name', `the ${what} ${problem}`);
    return this.#word(value);
  }

  /** The subject of an action rule. */
  #anyone(who: string): string {
    const subject = this.#name(who, 'subject', true);
    this.#subject(subject);
    if (subject.startsWith('role:') && subject.endsWith('*'))
      throw new RefusedLine('bad_name', 'a role is named whole');
    return this.#subjects.note(subject);
  }

  /** The object of an action rule. */
  #anything(what: string): string {
    const object = this.#name(what, 'object', true);
    this.#objectType(object, false);
    return this.#objects.note(object);
  }

  /** A subject of no kind is nobody: its allowance would be idle, and its denial would deny nothing. */
  #subject(name: string): void {
    const kinds = this.#subjects;
    if (name === '*' || kinds.hold(name)) return;
    throw new RefusedLine('unknown_subject', `${name} is of no known kind: ${kinds.words}`);
  }

  #objectType(object: string, link: boolean): void {
    if (object === '*' && !link) return;
    if (object.startsWith('class:')) {
      if (object.endsWith('*')) throw new RefusedLine('bad_name', 'a class is named whole, without *');
      return;
    }
    if (this.#objects.hold(object)) return;
    throw new RefusedLine('unknown_object_type', `${object} is of no known type: ${this.#objects.words}, class`);
  }

  #word(value: string): string {
    const held = this.#names.get(value);
    if (held === undefined) this.#names.set(value, value);
    return held ?? value;
  }
}

/** The words of every policy are the same: they are laid out once. */
const laidOut = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

function wordsOf(actions: readonly string[]): ReadonlyMap<string, string> {
  let words = laidOut.get(actions);
  if (!words) {
    words = new Map(actions.flatMap((action) => actionPatterns(action)).map((word) => [word, word]));
    laidOut.set(actions, words);
  }
  return words;
}

const tailText = (condition: string | null, effect: Effect, obligations: readonly string[]): string =>
  `${condition ?? ''}, ${effect}, ${obligations.join('|')}`;

function tenant(value: string): void {
  if (value === TENANT_COLUMN) return;
  throw new RefusedLine('foreign_tenant', `the tenant column is ${TENANT_COLUMN}, whoever uses the bundle`);
}

/** What may stand before the first colon of a name; null for whatever somebody likes. */
class Kinds {
  readonly #kinds: ReadonlySet<string> | null;
  /** Names that may stand in an action rule, each to itself. */
  readonly #good = new Map<string, string>();

  constructor(kinds: readonly string[] | null) {
    this.#kinds = kinds && new Set(kinds);
  }

  get words(): string {
    return [...(this.#kinds ?? [])].join(', ');
  }

  good(name: string): string | undefined {
    return this.#good.get(name);
  }

  note(name: string): string {
    this.#good.set(name, name);
    return name;
  }

  hold(name: string): boolean {
    const colon = name.indexOf(':');
    return this.#kinds === null || (colon !== -1 && this.#kinds.has(name.slice(0, colon)));
  }
}
