import { type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';
import { all, any, comparison, not, type Operand, presence, timed } from './clauses';
import { amounts, counts, equal, ordered } from './comparisons';
import type { Clause, CompiledCondition, Declared, Outcome, Trace } from './condition';
import { Unread, type ValueType } from './facts';
import { globTest } from './glob';
import { networkTest } from './network';
import { attributeReader, looksLikePath, parsePath, type Read, subjectReader } from './path';
import { list, members, onlyMember, Refused, two } from './parts';
import { isWithin, parseClock, parseOffset } from './window';

const MAX_CLAUSES = 128;
const MAX_DEPTH = 16;

interface Typed extends Operand {
  readonly type: ValueType;
}

/**
 * Makes a condition ready, or says what is wrong and where (a JSON pointer into the expression): `bad_condition`,
 * `unknown_operator`, `unknown_path`, `unknown_attribute`, `type_mismatch`.
 */
export const compileCondition = (id: string, expression: Json, declared: Declared): Result<CompiledCondition> =>
  compiled(id, expression, new Compiler(declared, false));

/** Likewise for a policy with a vocabulary of applications: conditions may read what these bring. */
export const compileOutside = (id: string, expression: Json, declared: Declared): Result<CompiledCondition> =>
  compiled(id, expression, new Compiler(declared, true));

function compiled(id: string, expression: Json, compiler: Compiler): Result<CompiledCondition> {
  try {
    const root = compiler.clause(expression, '', 0);
    return ok(ready(id, root, [...compiler.attributes]));
  } catch (error) {
    if (error instanceof Refused) return refuse(failureOf(id, error));
    throw error;
  }
}

function ready(id: string, root: Clause, attributes: readonly string[]): CompiledCondition {
  const evaluate = (facts: Parameters<Clause['test']>[0]): Outcome => {
    const trace: Trace = { read: {}, error: null };
    const truth = root.test(facts, trace);
    return { truth, read: trace.read, error: truth === 'error' ? trace.error : null };
  };
  return Object.freeze({
    id,
    attributes: Object.freeze(attributes),
    evaluate,
    blame: (facts: Parameters<Clause['test']>[0]) => root.blame(facts),
  });
}

const failureOf = (id: string, error: Refused): Failure => ({
  code: error.code,
  class: 'permanent',
  message: `Condition ${id}${error.at === '' ? '' : ` at ${error.at}`}: ${error.message}.`,
  details: { condition: id, pointer: error.at },
});

const ORDERINGS: { readonly [op: string]: readonly [string, (sign: number) => boolean] } = {
  lt: ['is below', (sign) => sign < 0],
  lte: ['is at most', (sign) => sign <= 0],
  gt: ['is above', (sign) => sign > 0],
  gte: ['is at least', (sign) => sign >= 0],
};

const WHAT = { glob: 'path pattern', in_network: 'network such as 10.0.0.0/8' } as const;

class Compiler {
  readonly attributes = new Set<string>();
  #clauses = 0;

  constructor(
    private readonly declared: Declared,
    private readonly outside: boolean,
  ) {}

  clause(expression: Json, at: string, depth: number): Clause {
    if (depth > MAX_DEPTH) throw new Refused('bad_condition', at, `it is nested deeper than ${MAX_DEPTH}`);
    if (++this.#clauses > MAX_CLAUSES) throw new Refused('bad_condition', at, `it has over ${MAX_CLAUSES} clauses`);
    const [op, body] = onlyMember(expression, at);
    const here = `${at}/${op}`;
    switch (op) {
      case 'all':
      case 'any': {
        const parts = list(body, here).map((part, i) => this.clause(part, `${here}/${i}`, depth + 1));
        if (parts.length === 0) throw new Refused('bad_condition', here, 'it has no clause');
        return op === 'all' ? all(parts) : any(parts);
      }
      case 'not':
        return not(this.clause(body, here, depth + 1));
      case 'eq':
      case 'ne':
        return this.#equality(op, body, here);
      case 'lt':
      case 'lte':
      case 'gt':
      case 'gte':
        return this.#ordering(op, body, here);
      case 'in':
        return this.#membership(body, here);
      case 'contains':
        return this.#contains(body, here);
      case 'prefix':
        return this.#prefix(body, here);
      case 'glob':
      case 'in_network':
        return this.#textual(op, body, here);
      case 'exists':
      case 'absent': {
        const operand = this.#operand(body, here);
        return presence(`${operand.text} ${op === 'exists' ? 'exists' : 'is absent'}`, operand, op === 'exists');
      }
      case 'within':
        return window(body, here);
      case 'amount':
      case 'count':
        return this.#bounded(op, body, here);
      default:
        throw new Refused('unknown_operator', at, `there is no operator ${op}`);
    }
  }

  #equality(op: 'eq' | 'ne', body: Json, at: string): Clause {
    const [left, right] = this.#pair(body, at);
    sameType(left, right, at);
    const text = `${left.text} ${op === 'eq' ? 'equals' : 'differs from'} ${right.text}`;
    return comparison(text, [left, right], (a, b) => {
      const same = equal(a, b);
      return typeof same === 'boolean' ? same === (op === 'eq') : same;
    });
  }

  #ordering(op: string, body: Json, at: string): Clause {
    const [left, right] = this.#pair(body, at);
    sameType(left, right, at);
    for (const side of [left, right]) {
      if (side.type === 'boolean' || side.type === 'list') {
        throw new Refused('type_mismatch', at, `${side.text} is a ${side.type}, which has no order`);
      }
    }
    const [words, accepts] = ORDERINGS[op]!;
    return comparison(`${left.text} ${words} ${right.text}`, [left, right], (a, b) => {
      const sign = ordered(a, b);
      return typeof sign === 'number' ? accepts(sign) : sign;
    });
  }

  #membership(body: Json, at: string): Clause {
    const [first, second] = two(body, at);
    const left = this.#operand(first, `${at}/0`);
    const members = list(second, `${at}/1`);
    const types = new Set(members.map((member) => typeof member));
    if (members.length === 0) throw new Refused('bad_condition', `${at}/1`, 'the set is empty');
    if (types.size > 1 || ![...types].every((type) => ['string', 'number', 'boolean'].includes(type))) {
      throw new Refused('bad_condition', `${at}/1`, 'a set holds texts, or numbers, or booleans, of one type');
    }
    members.forEach((member, i) => sameType(left, this.#right(member, `${at}/1/${i}`), at));
    const set = new Set(members);
    const [type] = types;
    return comparison(`${left.text} is one of ${JSON.stringify(members)}`, [left], (value) =>
      typeof value === type ? set.has(value) : new Unread('unknown', `${left.text} is not a ${type}`),
    );
  }

  #contains(body: Json, at: string): Clause {
    const [left, right] = this.#pair(body, at);
    if (left.type !== 'list' && left.type !== 'any') {
      throw new Refused('type_mismatch', at, `${left.text} is a ${left.type}, not a list`);
    }
    return comparison(`${left.text} contains ${right.text}`, [left, right], (items, item) => {
      if (!Array.isArray(items)) return new Unread('unknown', `${left.text} is not a list`);
      if (typeof item === 'object') return new Unread('unknown', `${right.text} is not a plain value`);
      return (items as readonly Json[]).includes(item);
    });
  }

  #prefix(body: Json, at: string): Clause {
    const [first, prefix] = two(body, at);
    const left = this.#operand(first, `${at}/0`);
    if (typeof prefix !== 'string' || prefix === '') {
      throw new Refused('bad_condition', `${at}/1`, 'a prefix is a text that is not empty');
    }
    sameType(left, this.#right({ value: prefix }, at), at);
    return comparison(`${left.text} begins with ${prefix}`, [left], (value) =>
      typeof value === 'string' ? value.startsWith(prefix) : new Unread('unknown', `${left.text} is not a text`),
    );
  }

  #textual(op: 'glob' | 'in_network', body: Json, at: string): Clause {
    const [first, pattern] = two(body, at);
    const left = this.#operand(first, `${at}/0`);
    const test = typeof pattern === 'string' ? (op === 'glob' ? globTest : networkTest)(pattern) : null;
    if (test === null) throw new Refused('bad_condition', `${at}/1`, `${JSON.stringify(pattern)} is no ${WHAT[op]}`);
    sameType(left, this.#right({ value: pattern }, at), at);
    return comparison(`${left.text} ${op === 'glob' ? 'fits' : 'lies in'} ${String(pattern)}`, [left], (value) => {
      const answer = typeof value === 'string' ? test(value) : null;
      return answer ?? new Unread('unknown', `${left.text} is not a ${op === 'glob' ? 'text' : 'network address'}`);
    });
  }

  #bounded(op: 'amount' | 'count', body: Json, at: string): Clause {
    const { of, at_least: least, at_most: most } = members(body, at, ['of', 'at_least', 'at_most']);
    const operand = this.#operand(of ?? null, `${at}/of`);
    const test = (op === 'amount' ? amounts : counts)(operand.text, least, most);
    if (typeof test === 'string') throw new Refused('bad_condition', at, test);
    const bounds = [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`];
    const text = `${op} of ${operand.text} is ${bounds.filter((bound) => bound !== '').join(' and ')}`;
    return comparison(text, [operand], test);
  }

  #pair(body: Json, at: string): readonly [Typed, Typed] {
    const [left, right] = two(body, at);
    return [this.#operand(left, `${at}/0`), this.#right(right, `${at}/1`)];
  }

  #operand(expression: Json, at: string): Typed {
    if (typeof expression === 'string') return this.#path(expression, at);
    const parts = members(expression, at, ['path', 'with', 'without']);
    if (typeof parts.path !== 'string') throw new Refused('bad_condition', at, 'it names no path');
    const path = this.#path(parts.path, `${at}/path`);
    const affix = parts.with ?? parts.without;
    if (affix === undefined) return path;
    if (typeof affix !== 'string' || affix === '' || (parts.with !== undefined && parts.without !== undefined)) {
      throw new Refused('bad_condition', at, 'give one of "with" and "without", as a text');
    }
    if (path.type !== 'string' && path.type !== 'any') {
      throw new Refused('type_mismatch', at, `${path.text} is a ${path.type}, and only texts have a prefix`);
    }
    return parts.with === undefined ? without(path, affix) : prefixed(path, affix);
  }

  #path(text: string, at: string): Typed {
    const path = parsePath(text, this.outside);
    if (typeof path === 'string') throw new Refused('unknown_path', at, path);
    if (path.kind === 'plain') return { text, type: path.type, read: path.read, varies: true };
    const types = new Set<ValueType>();
    for (const [name, spec] of this.declared) if (name.endsWith(`.${path.attribute}`)) types.add(spec.type);
    if (types.size === 0) {
      // Two misspelled attributes are both undefined, and in stock Casbin equal: an allow across tenants.
      throw new Refused('unknown_attribute', at, `${text} is read, but no "attributes" entry declares it`);
    }
    const [type] = types;
    // A subject's are brought with the question: nobody is sent to look them up.
    if (path.of === 'resource') this.attributes.add(path.attribute);
    const read = (path.of === 'resource' ? attributeReader : subjectReader)(text, path.attribute, this.declared);
    return { text, type: types.size === 1 ? type! : 'any', read, varies: true };
  }

  #right(expression: Json, at: string): Typed {
    if (typeof expression !== 'object' || expression === null) {
      if (typeof expression === 'string' && looksLikePath(expression, this.outside)) {
        const hint = `write {"path": "${expression}"} for the value, {"value": "${expression}"} for the text`;
        throw new Refused('bad_condition', at, `${expression} may be a path or a text: ${hint}`);
      }
      return constant(expression);
    }
    if (Object.hasOwn(expression, 'path')) return this.#operand(expression, at);
    const { value } = members(expression, at, ['value']);
    if (value === undefined || (typeof value === 'object' && value !== null)) {
      throw new Refused('bad_condition', at, 'it is neither a plain value nor a path');
    }
    return constant(value);
  }
}

function constant(value: Json): Typed {
  const type = value === null ? 'any' : (typeof value as ValueType);
  return { text: typeof value === 'string' ? value : JSON.stringify(value), type, read: () => value, varies: false };
}

const mapText =
  (operand: Typed, change: (text: string) => string | Unread): Read =>
  (facts) => {
    const value = operand.read(facts);
    if (value instanceof Unread) return value;
    return typeof value === 'string' ? change(value) : new Unread('unknown', `${operand.text} is not a text`);
  };

const prefixed = (operand: Typed, affix: string): Typed => ({
  ...operand,
  text: `${affix} before ${operand.text}`,
  type: 'string',
  read: mapText(operand, (text) => affix + text),
});

const without = (operand: Typed, affix: string): Typed => ({
  ...operand,
  text: `${operand.text} without ${affix}`,
  type: 'string',
  read: mapText(operand, (text) =>
    text.startsWith(affix) ? text.slice(affix.length) : new Unread('unknown', `${operand.text} lacks ${affix}`),
  ),
});

function sameType(left: Typed, right: Typed, at: string): void {
  for (const side of [left, right]) {
    if (side.type === 'list') throw new Refused('type_mismatch', at, `${side.text} is a list; use contains or count`);
  }
  if (left.type === 'any' || right.type === 'any' || left.type === right.type) return;
  throw new Refused('type_mismatch', at, `${left.text} is a ${left.type}, ${right.text} is a ${right.type}`);
}

function window(body: Json, at: string): Clause {
  const { from, to, days = [1, 2, 3, 4, 5, 6, 7], offset = 'Z' } = members(body, at, ['from', 'to', 'days', 'offset']);
  const opens = typeof from === 'string' ? parseClock(from) : null;
  const closes = typeof to === 'string' ? parseClock(to) : null;
  const east = typeof offset === 'string' ? parseOffset(offset) : null;
  const weekdays = list(days, `${at}/days`);
  if (opens === null || closes === null || opens === closes) {
    throw new Refused('bad_condition', at, 'from and to are two different times such as 09:00 and 17:30');
  }
  if (east === null) throw new Refused('bad_condition', `${at}/offset`, 'an offset is Z, +02:00 or the like');
  if (weekdays.length === 0 || !weekdays.every((day) => [1, 2, 3, 4, 5, 6, 7].includes(day as number))) {
    throw new Refused('bad_condition', `${at}/days`, 'days are ISO weekdays, 1 Monday to 7 Sunday');
  }
  const span = { from: opens, to: closes, days: new Set(weekdays as number[]), offsetMinutes: east };
  const text = `the time is within ${from} and ${to} (${offset}) on days ${weekdays.join(' ')}`;
  return timed(text, (now) => isWithin(span, now));
}
