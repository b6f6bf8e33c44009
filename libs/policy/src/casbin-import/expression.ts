import { ImportRefusal } from './refusal';

export type Scalar = string | number | boolean;
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A matcher of Casbin, or a part of one. `name` is `r.sub`, `p.obj`, `r.obj.Owner`, split at its dots. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Scalar }
  | { readonly kind: 'name'; readonly path: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }
  | { readonly kind: 'compare'; readonly op: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'in'; readonly left: Expression; readonly right: Expression };

interface Token {
  readonly kind: 'text' | 'number' | 'name' | 'sign';
  readonly text: string;
}

const TOKEN =
  /\s+|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([0-9]+(?:\.[0-9]+)?)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(\|\||&&|==|!=|<=|>=|[<>!(),[\]])/y;

/** Characters of a matcher and levels of its brackets: more is no rule that people read. */
const MAX_TEXT = 20_000;
const MAX_DEPTH = 32;

function* tokensOf(text: string): Generator<Token, void, void> {
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const [, double, single, digits, name, sign] = TOKEN.exec(text) ?? unreadable(text, at);
    const quoted = double ?? single;
    if (quoted !== undefined) yield { kind: 'text', text: quoted.replace(/\\(.)/g, '$1') };
    else if (digits !== undefined) yield { kind: 'number', text: digits };
    else if (name !== undefined) yield { kind: 'name', text: name };
    else if (sign !== undefined) yield { kind: 'sign', text: sign };
  }
}

function unreadable(text: string, at: number): never {
  const found = JSON.stringify(text.slice(at, at + 20));
  throw new ImportRefusal('casbin_unsupported', `an expression holds ${found}, which cannot be carried over`);
}

/** Reads an expression. Throws `ImportRefusal` for arithmetic, ternaries and all else that has no counterpart here. */
export function parseExpression(text: string): Expression {
  if (text.length > MAX_TEXT) throw new ImportRefusal('casbin_unsupported', 'an expression is too long');
  return new Parser([...tokensOf(text)]).whole();
}

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    const expression = this.#or();
    const rest = this.tokens[this.#at];
    if (rest) throw new ImportRefusal('casbin_unsupported', `an expression goes on after its end, with ${rest.text}`);
    return expression;
  }

  #or(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new ImportRefusal('casbin_unsupported', 'an expression is nested too deeply');
    const expression = this.#series('or', '||', () => this.#series('and', '&&', () => this.#comparison()));
    this.#depth -= 1;
    return expression;
  }

  #series(kind: 'and' | 'or', sign: string, next: () => Expression): Expression {
    const first = next();
    const of = [first];
    while (this.#take(sign)) of.push(next());
    return of.length === 1 ? first : { kind, of };
  }

  #comparison(): Expression {
    const left = this.#unary();
    const { kind, text } = this.tokens[this.#at] ?? END;
    if (kind === 'name' && text === 'in') {
      this.#at += 1;
      return { kind: 'in', left, right: this.#unary() };
    }
    if (kind !== 'sign' || !COMPARISONS.has(text)) return left;
    this.#at += 1;
    return { kind: 'compare', op: text as Comparison, left, right: this.#unary() };
  }

  #unary(): Expression {
    if (!this.#take('!')) return this.#primary();
    if (++this.#depth > MAX_DEPTH) throw new ImportRefusal('casbin_unsupported', 'an expression is nested too deeply');
    const of = this.#unary();
    this.#depth -= 1;
    return { kind: 'not', of };
  }

  #primary(): Expression {
    const { kind, text } = this.tokens[this.#at++] ?? END;
    if (kind === 'text') return { kind: 'constant', value: text };
    if (kind === 'number') return { kind: 'constant', value: Number(text) };
    if (kind === 'name') return this.#named(text);
    if (text === '[') return { kind: 'list', items: this.#items(']') };
    if (text !== '(')
      throw new ImportRefusal('casbin_unsupported', `an expression holds ${text} where a value belongs`);
    const items = this.#items(')');
    return items.length === 1 ? items[0]! : { kind: 'list', items };
  }

  #named(text: string): Expression {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true' };
    if (this.#take('(')) return { kind: 'call', name: text, args: this.#items(')') };
    // Old models write r_sub for r.sub, which is what Casbin makes of both.
    return { kind: 'name', path: text.replace(/^([rp][0-9]*)_/, '$1.').split('.') };
  }

  #items(close: string): readonly Expression[] {
    const items: Expression[] = [];
    if (this.#take(close)) return items;
    do items.push(this.#or());
    while (this.#take(','));
    if (!this.#take(close)) throw new ImportRefusal('casbin_unsupported', `an expression lacks a ${close}`);
    return items;
  }

  #take(sign: string): boolean {
    const { kind, text } = this.tokens[this.#at] ?? END;
    if (kind !== 'sign' || text !== sign) return false;
    this.#at += 1;
    return true;
  }
}

const END: Token = { kind: 'sign', text: 'its end' };
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Every part of an expression, itself included. */
export function* partsOf(expression: Expression): Generator<Expression, void, void> {
  yield expression;
  switch (expression.kind) {
    case 'call':
      for (const arg of expression.args) yield* partsOf(arg);
      return;
    case 'list':
      for (const item of expression.items) yield* partsOf(item);
      return;
    case 'not':
      return yield* partsOf(expression.of);
    case 'and':
    case 'or':
      for (const part of expression.of) yield* partsOf(part);
      return;
    case 'compare':
    case 'in':
      yield* partsOf(expression.left);
      return yield* partsOf(expression.right);
    case 'constant':
    case 'name':
      return;
  }
}
