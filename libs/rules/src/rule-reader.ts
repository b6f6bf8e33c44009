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

/** What a word was found to be good for, as bits. */
const GOOD = { subject: 1, object: 2, condition: 4, member: { g: 8, g2: 16 }, group: { g: 32, g2: 64 } } as const;

/**
 * Reads the lines of one bundle. In lines written as they are stored, a name is checked where it first stands and is the
 * same string wherever it stands again: a bundle of a thousand rules holds a few hundred names. With no vocabulary any
 * word will do, for those who read a policy that was in force once, perhaps with words that came or went since.
 */
export class RuleReader {
  readonly #scanner: LineScanner;
  /** Of the scanner's words by number: what each is known to be good for. */
  readonly #good: number[] = [];
  /** Each word to itself: rules then hold the very strings that requests are made with, and comparing them is free. */
  readonly #actions: ReadonlyMap<string, string> | null;
  readonly #subjects: Kinds;
  readonly #objects: Kinds;

  /** `length`: of the text to be read, where it is known. */
  constructor(vocabulary: Vocabulary | null, length = 0) {
    this.#scanner = new LineScanner(PARTS, length);
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
    const section = columns[0]!;
    if (section === 'p' && count >= 7 && count <= 9 && columns[2] === TENANT_COLUMN) {
      const rid = count === 9 ? columns[8]! : '';
      if (count === 9 && rid === '') return this.#readAnyhow(text.slice(start, end));
      // As it would be written anew: the column of obligations stands there whether or not there are any.
      const written = text.slice(start, rid === '' ? end : end - rid.length - 2);
      return this.#scanned(count === 7 ? `${written}, ` : written, count > 7 ? columns[7]! : '', rid);
    }
    if ((section === 'g' || section === 'g2') && count === 4 && columns[3] === TENANT_COLUMN) {
      const member =
        this.#checked(1, GOOD.member[section]) ??
        this.#noted(1, GOOD.member[section], this.#member(section, columns[1]!));
      const group =
        this.#checked(2, GOOD.group[section]) ?? this.#noted(2, GOOD.group[section], this.#group(section, columns[2]!));
      return { section, link: { member, group }, line: text.slice(start, end) };
    }
    return this.#readAnyhow(text.slice(start, end));
  }

  /** The action rule scanned last. What was good in an earlier line is not looked at again. */
  #scanned(text: string, obl: string, rid: string): ReadLine {
    const { columns } = this.#scanner;
    const subject = this.#checked(1, GOOD.subject) ?? this.#noted(1, GOOD.subject, this.#anyone(columns[1]!));
    const object = this.#checked(3, GOOD.object) ?? this.#noted(3, GOOD.object, this.#anything(columns[3]!));
    const action = this.#action(columns[4]!);
    const effect = effectOf(columns[6]!);
    const condition = this.#checked(5, GOOD.condition) ?? this.#noted(5, GOOD.condition, this.#condition(columns[5]!));
    const obligations = obl === '' ? NO_OBLIGATION : this.#obligations(effect, obl);
    const named = this.#rid(rid, text);
    return {
      section: 'p',
      rule: { rid: named, condition, effect, obligations, section: 'p', subject, object, action },
      text,
    };
  }

  /** The word of a column, if it was found good for this in an earlier line. */
  #checked(column: number, use: number): string | null {
    const number = this.#scanner.numbers[column]!;
    return number < this.#good.length && (this.#good[number]! & use) !== 0 ? this.#scanner.columns[column]! : null;
  }

  #noted<T extends string | null>(column: number, use: number, found: T): T {
    const number = this.#scanner.numbers[column]!;
    while (this.#good.length <= number) this.#good.push(0);
    if (found !== null) this.#good[number]! |= use;
    return found;
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
      const [member, group] = [this.#member(kind, from), this.#group(kind, to)];
      return { section: kind, link: { member, group }, line: `${kind}, ${member}, ${group}, ${TENANT_COLUMN}` };
    }
    return this.#split(columns);
  }

  /** An action rule by its columns. */
  #split(columns: readonly string[]): ReadLine {
    const [, who = '', domain = '', what = '', word = '', cond = '', eft = '', obl = '', rid = ''] = columns;
    tenant(domain);
    const subject = this.#anyone(who);
    const object = this.#anything(what);
    const action = this.#action(word);
    const effect = effectOf(eft);
    const condition = this.#condition(cond);
    const obligations = this.#obligations(effect, obl);
    const text = `p, ${subject}, ${TENANT_COLUMN}, ${object}, ${action}, ${tailText(condition, effect, obligations)}`;
    const rule = {
      rid: this.#rid(rid, text),
      condition,
      effect,
      obligations,
      section: 'p',
      subject,
      object,
      action,
    } as const;
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
    const effect = effectOf(eft);
    const condition = this.#condition(cond);
    const obligations = this.#obligations(effect, obl);
    const tail = tailText(condition, effect, obligations);
    const text = `p2, ${source}, ${target}, ${TENANT_COLUMN}, ${purpose}, ${mode}, ${tail}`;
    const named = this.#rid(rid, text);
    const common = { rid: named, condition, effect, obligations };
    const rule: HandoffRule = { section: 'p2', source, target, purpose, mode, ...common };
    return { section: 'p2', rule, text };
  }

  #member(section: 'g' | 'g2', written: string): string {
    const member = this.#name(written, section === 'g' ? 'subject' : 'object', false);
    if (section === 'g2') this.#objectType(member, true);
    else this.#subject(member);
    return member;
  }

  #group(section: 'g' | 'g2', written: string): string {
    const group = this.#name(written, section === 'g' ? 'role' : 'class', false);
    const kind = section === 'g' ? 'role:' : 'class:';
    if (!group.startsWith(kind)) throw new RefusedLine('bad_name', `${group} does not begin with ${kind}`);
    return group;
  }

  #action(word: string): string {
    const action = this.#actions === null ? this.#name(word, 'action', true) : this.#actions.get(word);
    if (action === undefined) throw new RefusedLine('unknown_action', `there is no action ${word}`);
    return action;
  }

  #condition(cond: string): string | null {
    return cond === '' ? null : this.#name(cond, 'condition', false);
  }

  #obligations(effect: Effect, obl: string): readonly string[] {
    if (obl === '') return NO_OBLIGATION;
    if (effect === 'deny') {
      throw new RefusedLine('malformed_rule', 'a deny rule carries obligations, but there is nothing to oblige');
    }
    return Object.freeze(obl.split('|').map((one) => this.#name(one.trim(), 'obligation', false)));
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
    const problem = nameProblem(value, pattern);
    if (problem) throw new RefusedLine('bad_name', `the ${what} ${problem}`);
    return value;
  }

  /** The subject of an action rule. */
  #anyone(who: string): string {
    const subject = this.#name(who, 'subject', true);
    this.#subject(subject);
    if (subject.startsWith('role:') && subject.endsWith('*'))
      throw new RefusedLine('bad_name', 'a role is named whole');
    return subject;
  }

  /** The object of an action rule. */
  #anything(what: string): string {
    const object = this.#name(what, 'object', true);
    this.#objectType(object, false);
    return object;
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

/** Stock Casbin takes a missing effect for allow, and "Deny" for no opinion. */
function effectOf(eft: string): Effect {
  if (eft === 'allow') return 'allow';
  if (eft === 'deny') return 'deny';
  const found = eft === '' ? 'is missing' : `${eft} is unknown`;
  throw new RefusedLine('unknown_effect', `the effect ${found}: allow or deny, in lower case`);
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

  constructor(kinds: readonly string[] | null) {
    this.#kinds = kinds && new Set(kinds);
  }

  get words(): string {
    return [...(this.#kinds ?? [])].join(', ');
  }

  hold(name: string): boolean {
    const colon = name.indexOf(':');
    return this.#kinds === null || (colon !== -1 && this.#kinds.has(name.slice(0, colon)));
  }
}
