import { floatText, roundCents } from './money';
import { ValueError } from './records';

/** An expression that cannot be read or computed, under the name the shop reports it by. */
class ArithmeticFault extends Error {
  constructor(
    override readonly name: 'SyntaxError' | 'ZeroDivisionError' | 'OverflowError',
    message: string,
  ) {
    super(message);
  }
}

const ALLOWED = /^[0-9+\-*/(). ]*$/;
const TOKEN = /\*\*|\/\/|[+\-*/()]|\d+\.?\d*|\.\d+/y;
const MAX_LENGTH = 10_000;

/**
 * Computes an expression of numbers, `+ - * / // **`, parentheses and blanks, rounded to cents. Precedence is the usual
 * one: `**` binds tightest and to the right, then signs, then `* / //`, then `+ -`.
 */
export function calculate(expression: string): string {
  if (!ALLOWED.test(expression)) throw new ValueError('Invalid characters in expression');
  const value = new Parser(tokens(expression)).whole();
  if (!Number.isFinite(value)) throw new ArithmeticFault('OverflowError', 'the result is too large');
  return floatText(roundCents(value));
}

const invalid = (): ArithmeticFault => new ArithmeticFault('SyntaxError', 'invalid syntax');

function tokens(expression: string): string[] {
  if (expression.length > MAX_LENGTH) throw invalid();
  const found: string[] = [];
  let at = 0;
  while (at < expression.length) {
    if (expression[at] === ' ') {
      at += 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(expression);
    if (!match) throw invalid();
    found.push(match[0]);
    at = TOKEN.lastIndex;
  }
  return found;
}

/** Deeper than this a hostile expression would exhaust the stack. */
const MAX_DEPTH = 200;

class Parser {
  #at = 0;
  #depth = 0;

  constructor(readonly tokens: readonly string[]) {}

  whole(): number {
    const value = this.#sum();
    if (this.#at !== this.tokens.length) throw invalid();
    return value;
  }

  #take(...wanted: readonly string[]): string | undefined {
    const token = this.tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at += 1;
    return token;
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#take('+', '-'); sign; sign = this.#take('+', '-')) {
      const next = this.#product();
      value = sign === '+' ? value + next : value - next;
    }
    return value;
  }

  #product(): number {
    let value = this.#signed();
    for (let sign = this.#take('*', '/', '//'); sign; sign = this.#take('*', '/', '//')) {
      const next = this.#signed();
      if (sign !== '*' && next === 0) throw new ArithmeticFault('ZeroDivisionError', 'division by zero');
      value = sign === '*' ? value * next : sign === '/' ? value / next : Math.floor(value / next);
    }
    return value;
  }

  #signed(): number {
    if (++this.#depth > MAX_DEPTH) throw invalid();
    const sign = this.#take('+', '-');
    const value = sign === undefined ? this.#power() : sign === '-' ? -this.#signed() : this.#signed();
    this.#depth -= 1;
    return value;
  }

  #power(): number {
    const base = this.#atom();
    return this.#take('**') ? base ** this.#signed() : base;
  }

  #atom(): number {
    if (this.#take('(')) {
      const value = this.#sum();
      if (!this.#take(')')) throw invalid();
      return value;
    }
    const token = this.tokens[this.#at];
    if (token === undefined || !/^[\d.]/.test(token)) throw invalid();
    this.#at += 1;
    return Number(token);
  }
}
