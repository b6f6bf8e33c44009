import { type CompareOp, type FieldNode, group, type QueryNode, type QueryTest, type Span } from './ast';
import { checkField, type QueryFault } from './check';
import type { QueryList } from './fields';
import { lex, type Token, type ValueToken } from './lex';

/** What a text says, as far as it says anything, and everything in it that means nothing. */
export interface ParsedQuery {
  /** Null for a query without terms, which finds everything. Parts with faults stand in it too, so they can be shown. */
  readonly root: QueryNode | null;
  /** By place. A query with faults must not be run: no part of it is ever ignored. */
  readonly faults: readonly QueryFault[];
}

const MOST_CHARACTERS = 2_000;
const MOST_TESTS = 100;
const MOST_DEPTH = 16;

/**
 * Reads `status:failed,denied agent:refund* -(tool:pay OR tool:cancel) duration:>30s "chargeback"`: a space is AND, `OR`
 * and parentheses group, `-` negates, a comma is OR inside a field, quotation marks make text of anything.
 */
export function parseQuery(text: string, list: QueryList): ParsedQuery {
  if (text.length > MOST_CHARACTERS) {
    const message = `The query has ${text.length} characters; ${MOST_CHARACTERS} are the most.`;
    return { root: null, faults: [{ start: MOST_CHARACTERS, end: text.length, code: 'too_long', message }] };
  }
  const impossible = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (impossible) {
    const message = 'No stored text holds this character.';
    return {
      root: null,
      faults: [{ start: impossible.index, end: impossible.index + 1, code: 'unexpected', message }],
    };
  }
  const { tokens, faults } = lex(text);
  const parser = new Parser(list, tokens);
  const root = parser.whole();
  const all = [...faults, ...parser.faults].sort((a, b) => a.start - b.start || a.end - b.end);
  return { root, faults: all };
}

class Parser {
  readonly faults: QueryFault[] = [];
  #at = 0;
  #tests = 0;
  #gaveUp = false;

  constructor(
    private readonly list: QueryList,
    private readonly tokens: readonly Token[],
  ) {}

  whole(): QueryNode | null {
    const parts: QueryNode[] = [];
    for (;;) {
      const part = this.#or(0);
      if (part) parts.push(part);
      const stray = this.#take();
      if (!stray) return group('and', parts);
      this.#fault(stray, 'unbalanced', 'This parenthesis was never opened.');
    }
  }

  #or(depth: number): QueryNode | null {
    const sides: QueryNode[] = [];
    for (;;) {
      const side = this.#and(depth);
      const or = this.#peek('or');
      if (side) sides.push(side);
      else if (or) this.#fault(or, 'dangling', 'OR needs something before it. Quote it to search for the word.');
      if (!or) return group('or', sides);
      this.#at++;
      if (!this.#startsTerm())
        this.#fault(or, 'dangling', 'OR needs something after it. Quote it to search for the word.');
    }
  }

  #and(depth: number): QueryNode | null {
    const parts: QueryNode[] = [];
    while (this.#startsTerm()) {
      const part = this.#term(depth);
      if (part) parts.push(part);
    }
    return group('and', parts);
  }

  #startsTerm(): boolean {
    const { kind } = this.tokens[this.#at] ?? { kind: 'close' };
    return kind !== 'close' && kind !== 'or';
  }

  #term(depth: number): QueryNode | null {
    const token = this.#take()!;
    switch (token.kind) {
      case 'minus':
        return this.#not(token, depth);
      case 'open':
        return this.#parenthesis(token, depth);
      case 'field':
        return this.#field(token);
      case 'word':
        return this.#text(token);
      default:
        throw new Error(`a term begins with ${token.kind}`);
    }
  }

  #not(minus: Token, depth: number): QueryNode | null {
    if (!this.#startsTerm()) {
      this.#fault(minus, 'dangling', 'A minus negates what follows it, and nothing does.');
      return null;
    }
    const item = this.#tooDeep(minus, depth) ? null : this.#term(depth + 1);
    return item && { kind: 'not', item, span: { start: minus.start, end: item.span.end } };
  }

  #parenthesis(open: Token, depth: number): QueryNode | null {
    if (this.#tooDeep(open, depth)) return null;
    const inside = this.#or(depth + 1);
    const close = this.#peek('close');
    if (this.#gaveUp) return inside;
    if (!close) this.#fault(open, 'unbalanced', 'This parenthesis is never closed.');
    else {
      this.#at++;
      if (!inside)
        this.#fault({ start: open.start, end: close.end }, 'dangling', 'There is nothing in these parentheses.');
    }
    return inside;
  }

  /** Skips to the end: what nests this deeply was not typed. */
  #tooDeep(token: Token, depth: number): boolean {
    if (depth < MOST_DEPTH) return false;
    this.#fault(token, 'too_deep', `Parentheses and negations nest ${MOST_DEPTH} deep at most.`);
    this.#at = this.tokens.length;
    this.#gaveUp = true;
    return true;
  }

  #field({ name, values, start, end }: Token & { kind: 'field' }): FieldNode {
    const node: FieldNode = { kind: 'field', field: name, tests: values.map(testOf), span: { start, end } };
    this.#count(node.span, values.length);
    for (const value of values) this.#strayStar(value);
    this.faults.push(...checkField(this.list, node, values));
    return node;
  }

  #strayStar({ text, quoted, start, end }: ValueToken): void {
    if (quoted || !text.slice(0, -1).includes('*')) return;
    this.#fault(
      { start, end },
      'no_wildcard',
      'A * stands at the end of a value only. Quote a value that contains one.',
    );
  }

  #text(token: Token & { kind: 'word' }): QueryNode {
    const { text, quoted, start, end } = token;
    if (!quoted && text === 'AND')
      this.#fault(token, 'unexpected', 'A space already means AND. Quote it to search for the word.');
    if (text === '') this.#fault(token, 'empty_value', 'There is no text between the quotation marks.');
    this.#count(token, 1);
    return { kind: 'text', text, span: { start, end } };
  }

  #count(place: Span, tests: number): void {
    const before = this.#tests;
    this.#tests += tests;
    if (before <= MOST_TESTS && this.#tests > MOST_TESTS) {
      this.#fault(place, 'too_many', `A query has ${MOST_TESTS} conditions at most.`);
    }
  }

  #peek(kind: Token['kind']): Token | undefined {
    const token = this.tokens[this.#at];
    return token?.kind === kind ? token : undefined;
  }

  #take(): Token | undefined {
    return this.tokens[this.#at++];
  }

  #fault({ start, end }: Span, code: QueryFault['code'], message: string): void {
    this.faults.push({ start, end, code, message });
  }
}

/** What a value asks for, from its spelling alone. */
function testOf({ text, quoted, star }: ValueToken): QueryTest {
  if (quoted) return { kind: star ? 'starts' : 'is', value: text };
  const compare = /^(>=|<=|>|<)/.exec(text)?.[0] as CompareOp | undefined;
  if (compare) return { kind: 'compare', op: compare, value: text.slice(compare.length) };
  const dots = text.indexOf('..');
  if (dots >= 0 && text !== '..') {
    return { kind: 'range', from: text.slice(0, dots) || null, to: text.slice(dots + 2) || null };
  }
  return text.endsWith('*') ? { kind: 'starts', value: text.slice(0, -1) } : { kind: 'is', value: text };
}
