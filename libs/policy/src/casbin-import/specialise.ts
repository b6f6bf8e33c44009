import type { Json } from '@writ/kernel';
import { type Comparison, type Expression, parseExpression, type Scalar } from './expression';
import type { CasbinModel, Column } from './model-text';
import { PATTERN_FUNCTIONS } from './patterns';
import type { PolicyLine } from './policy-text';
import { ImportRefusal } from './refusal';
import { type Conjunction, covers, inexact, type Literal, type Place, type Test } from './tests';

/** What a matcher says of requests once one policy line is put into it: any of these. */
export interface Specialised {
  readonly any: readonly Conjunction[];
  /** What was not carried over exactly. For an allow less is covered, for a deny more. */
  readonly inexact: readonly string[];
}

/** Alternatives of one line in all. */
const MAX_ALTERNATIVES = 256;

interface Setting {
  readonly model: CasbinModel;
  /** Null for the matcher over no line at all: whatever reads the line is then false. */
  readonly line: PolicyLine | null;
  readonly domain: string | null;
  /** Whether the line denies: what cannot be said exactly is then said wider, else narrower. */
  readonly denies: boolean;
  readonly types: { readonly subject: string; readonly resource: string };
}

export function specialise(setting: Setting): Specialised {
  const work = new Specialisation(setting);
  const any = work.expand(setting.model.matcher, false);
  return { any, inexact: [...work.inexact] };
}

/** A value in a comparison: known now, a column of the request, or an attribute of the object. */
type Value =
  | { readonly kind: 'constant'; readonly value: Scalar }
  | { readonly kind: 'column'; readonly column: Exclude<Column, 'domain'> }
  | { readonly kind: 'attribute'; readonly of: 'subject' | 'resource'; readonly name: string }
  | { readonly kind: 'other'; readonly why: string };

const ALWAYS: readonly Conjunction[] = [[]];
const NEVER: readonly Conjunction[] = [];

class Specialisation {
  readonly inexact = new Set<string>();

  constructor(private readonly setting: Setting) {}

  /** The expression, or its negation, as alternatives of literals that must all hold. */
  expand(expression: Expression, negated: boolean): readonly Conjunction[] {
    switch (expression.kind) {
      case 'not':
        return this.expand(expression.of, !negated);
      case 'and':
      case 'or': {
        const parts = expression.of.map((part) => () => this.expand(part, negated));
        return (expression.kind === 'or') === negated ? every(parts) : some(parts);
      }
      case 'compare':
        return this.#tested(this.#compared(expression.op, expression.left, expression.right), negated);
      case 'in': {
        const { left, right } = expression;
        const items = right.kind === 'list' ? right.items : [right];
        const tests = items.map((item) => this.#compared('==', left, item));
        return (negated ? every : some)(tests.map((test) => () => this.#tested(test, negated)));
      }
      case 'call':
        return this.#called(expression.name, expression.args, negated);
      case 'name':
      case 'constant': {
        const value = this.#value(expression);
        return value.kind === 'constant'
          ? truth((value.value === true) !== negated)
          : this.#foreign(expression, negated);
      }
      case 'list':
        return this.#foreign(expression, negated);
    }
  }

  #foreign(expression: Expression, negated: boolean): readonly Conjunction[] {
    return this.#tested({ place: 'none', test: inexact(`a ${expression.kind} stands where a truth belongs`) }, negated);
  }

  #called(name: string, args: readonly Expression[], negated: boolean): readonly Conjunction[] {
    if (name === 'eval') return this.#evaluated(args[0], negated);
    const [first, second, third] = args.map((arg) => this.#value(arg));
    if (this.setting.model.groups.has(name)) {
      return this.#tested(this.#membership(name, first, second, third), negated);
    }
    const tests = Object.hasOwn(PATTERN_FUNCTIONS, name) ? PATTERN_FUNCTIONS[name] : undefined;
    if (!tests || first === undefined || second?.kind !== 'constant') {
      return this.#tested({ place: 'none', test: inexact(`the function ${name} has no counterpart`) }, negated);
    }
    if (this.#blank(second)) return truth(negated);
    const parts = tests(String(second.value)).map((test) => () => this.#tested(applied(first, test), negated));
    return (negated ? every : some)(parts);
  }

  /** A rule written in the policy is part of the matcher, as if it stood there. */
  #evaluated(arg: Expression | undefined, negated: boolean): readonly Conjunction[] {
    const text = arg === undefined ? undefined : this.#value(arg);
    if (text?.kind !== 'constant') return truth(negated);
    try {
      return this.expand(parseExpression(String(text.value)), negated);
    } catch (error) {
      if (!(error instanceof ImportRefusal)) throw error;
      return this.#tested({ place: 'none', test: inexact(error.message) }, negated);
    }
  }

  #membership(section: string, ...[member, group, domain]: (Value | undefined)[]): Tested {
    const arity = this.setting.model.groups.get(section)!;
    const here = arity === 2 || (domain?.kind === 'constant' && domain.value === this.setting.domain);
    if (member?.kind !== 'column' || group?.kind !== 'constant' || !here) {
      return { place: 'none', test: inexact(`${section} is asked of something else than a column of the request`) };
    }
    if (this.#blank(group)) return { place: 'none', test: NOTHING };
    return { place: member.column, test: { kind: 'member', section, value: String(group.value) } };
  }

  #compared(op: Comparison, a: Expression, b: Expression): Tested {
    const [left, right] = [this.#value(a), this.#value(b)];
    if (left.kind === 'constant' && right.kind === 'constant') {
      return { place: 'none', test: compareNow(op, left.value, right.value) ? EVERYTHING : NOTHING };
    }
    if (left.kind === 'constant') return this.#compared(MIRRORED[op], b, a);
    if (right.kind === 'constant' && left.kind === 'column' && (op === '==' || op === '!=')) {
      if (this.#blank(right)) return { place: 'none', test: op === '==' ? NOTHING : EVERYTHING };
      return { place: left.column, test: { kind: 'is', value: String(right.value) }, opposite: op === '!=' };
    }
    return this.#clause(op, left, right);
  }

  /** A comparison of what only the request knows, as a clause of a condition. */
  #clause(op: Comparison, left: Value, right: Value): Tested {
    const [x, y] = [this.#operand(left, op), this.#operand(right, op)];
    if (typeof x === 'string' || typeof y === 'string') {
      return { place: 'none', test: inexact(typeof x === 'string' ? x : (y as string)) };
    }
    const attributes = [left, right].flatMap((value) =>
      value.kind === 'attribute' ? [`${this.setting.types[value.of]}.${value.name}`] : [],
    );
    const pair = [x.left, y.right] as unknown as Json;
    const clause = { [OPERATORS[op]]: pair } as Json;
    return { place: 'none', test: { kind: 'clause', clause, attributes } };
  }

  /** How a condition writes the value on either side, or why it cannot. */
  #operand(value: Value, op: Comparison): { readonly left: Json; readonly right: Json } | string {
    switch (value.kind) {
      case 'other':
        return value.why;
      case 'constant': {
        const ordering = op !== '==' && op !== '!=';
        const number =
          typeof value.value === 'string' && ordering && isNumeric(value.value) ? Number(value.value) : null;
        const right = { value: number ?? value.value };
        return { left: right, right };
      }
      case 'attribute':
        return { left: `${value.of}.${value.name}`, right: { path: `${value.of}.${value.name}` } };
      case 'column': {
        if (value.column === 'action') return 'the action is compared with something only the request knows';
        const path =
          value.column === 'object'
            ? { path: 'object.id' }
            : { path: 'initiator.id', without: `${this.setting.types.subject}:` };
        return { left: path, right: path };
      }
    }
  }

  #value(expression: Expression): Value {
    const { line, model, domain } = this.setting;
    if (expression.kind === 'constant') return expression;
    if (expression.kind !== 'name') return { kind: 'other', why: `a ${expression.kind} is compared` };
    const [root, name = '', ...attribute] = expression.path;
    if (root === 'p') return { kind: 'constant', value: line === null ? BLANK : (line.values.get(name) ?? '') };
    const column = root === 'r' ? model.request.get(name) : undefined;
    if (column === undefined) return { kind: 'other', why: `${expression.path.join('.')} is read, which is no column` };
    if (attribute.length === 0) {
      return column === 'domain' ? { kind: 'constant', value: domain ?? '' } : { kind: 'column', column };
    }
    const path = expression.path.join('.');
    const [word = ''] = attribute;
    if (attribute.length === 1 && ATTRIBUTE.test(word) && (column === 'object' || column === 'subject')) {
      return { kind: 'attribute', of: column === 'object' ? 'resource' : 'subject', name: word };
    }
    return { kind: 'other', why: `${path} is an attribute that no resolver can bring` };
  }

  #blank(value: Value): boolean {
    return this.setting.line === null && value.kind === 'constant' && value.value === BLANK;
  }

  /** One test, or its negation, made exact, narrower or wider as the line's effect demands. */
  #tested({ place, test, opposite = false }: Tested, negation: boolean): readonly Conjunction[] {
    const negated = negation !== opposite;
    if (test === EVERYTHING || test === NOTHING) return truth((test === EVERYTHING) !== negated);
    if (test.kind !== 'inexact') return [[{ place, test, negated }]];
    const widen = this.setting.denies !== negated;
    this.inexact.add(test.why);
    const near = widen ? test.wider : test.narrower;
    return near ? this.#tested({ place, test: near, opposite }, negation) : truth(widen !== negated);
  }
}

interface Tested {
  readonly place: Place;
  readonly test: Test;
  /** True when the test is to fail. */
  readonly opposite?: boolean;
}

/** Stands for a column of a line that is not there; no request holds it. */
const BLANK = '\u0000';
const EVERYTHING: Test = { kind: 'clause', clause: true, attributes: [] };
const NOTHING: Test = { kind: 'clause', clause: false, attributes: [] };

const truth = (value: boolean): readonly Conjunction[] => (value ? ALWAYS : NEVER);

const isNumeric = (text: string): boolean => /^-?[0-9]+(\.[0-9]+)?$/.test(text);

const MIRRORED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
const OPERATORS = { '==': 'eq', '!=': 'ne', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const;

/** As the language of Casbin's own evaluation compares: texts that are numbers are numbers beside a number. */
function compareNow(op: Comparison, a: Scalar, b: Scalar): boolean {
  const numbers = typeof a === 'number' || typeof b === 'number';
  const [x, y] = numbers ? [Number(a), Number(b)] : [String(a), String(b)];
  if (op === '==') return x === y;
  if (op === '!=') return x !== y;
  return op === '<' ? x < y : op === '<=' ? x <= y : op === '>' ? x > y : x >= y;
}

/** Attributes as a bundle may declare them; `id` and `type` are not among them. */
const ATTRIBUTE = /^(?!(?:id|type)$)[A-Za-z][A-Za-z0-9_-]{0,63}$/;

function applied(value: Value, test: Test): Tested {
  if (value.kind === 'column') return { place: value.column, test };
  if (value.kind === 'constant' && test.kind !== 'inexact') {
    return { place: 'none', test: covers(test, String(value.value)) ? EVERYTHING : NOTHING };
  }
  return { place: 'none', test: inexact('a pattern is matched with something else than a column') };
}

type Part = () => readonly Conjunction[];

function some(parts: readonly Part[]): readonly Conjunction[] {
  const all: Conjunction[] = [];
  for (const part of parts) {
    all.push(...part());
    if (all.length > MAX_ALTERNATIVES) throw tooMany();
  }
  return all;
}

function every(parts: readonly Part[]): readonly Conjunction[] {
  let all: readonly Conjunction[] = ALWAYS;
  for (const part of parts) {
    const next = part();
    if (all.length * next.length > MAX_ALTERNATIVES) throw tooMany();
    all = all.flatMap((one) => next.map((other): Literal[] => [...one, ...other]));
    if (all.length === 0) return NEVER;
  }
  return all;
}

const tooMany = (): ImportRefusal =>
  new ImportRefusal(
    'casbin_unsupported',
    `the matcher amounts to more than ${MAX_ALTERNATIVES} alternatives for one line`,
  );
