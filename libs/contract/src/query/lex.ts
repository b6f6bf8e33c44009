import type { Span } from './ast';
import type { QueryFault } from './check';

/** `bare` is what the text says outside quotation marks: only there do `*`, `..`, `>` and `<` mean something. */
export type Token = Span &
  (
    | { readonly kind: 'open' | 'close' | 'minus' | 'or' }
    | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean }
    | { readonly kind: 'field'; readonly name: string; readonly values: readonly ValueToken[] }
  );

export interface ValueToken extends Span {
  readonly text: string;
  readonly quoted: boolean;
  /** A `*` right after the closing quotation mark. */
  readonly star: boolean;
}

const SPACE = /\s/;
const ENDS_BARE = /[\s"(),]/;
const FIELD = /[A-Za-z][A-Za-z0-9_.]*:/y;

/** Splits a query into tokens. Never fails: what cannot be read is a fault with its place, and reading goes on. */
export function lex(text: string): { readonly tokens: readonly Token[]; readonly faults: readonly QueryFault[] } {
  const reader = new Reader(text);
  return { tokens: [...reader.tokens()], faults: reader.faults };
}

class Reader {
  readonly faults: QueryFault[] = [];
  #at = 0;

  constructor(private readonly text: string) {}

  *tokens(): Generator<Token> {
    for (;;) {
      while (SPACE.test(this.#next())) this.#at++;
      const start = this.#at;
      const next = this.#next();
      if (next === '') return;
      const one = (kind: 'open' | 'close' | 'minus'): Token => ({ kind, start, end: ++this.#at });
      if (next === '(') yield one('open');
      else if (next === ')') yield one('close');
      else if (next === '-' && this.#sticks()) yield one('minus');
      else if (next === ',') {
        this.#at++;
        this.#fault(
          { start, end: this.#at },
          'unexpected',
          'A comma separates values of one field, as in status:failed,denied.',
        );
      } else yield this.#word(start);
    }
  }

  /** A minus negates what it touches; before a space or the end it stands for nothing. */
  #sticks(): boolean {
    const after = this.text[this.#at + 1] ?? '';
    return after !== '' && !SPACE.test(after);
  }

  #word(start: number): Token {
    FIELD.lastIndex = start;
    const field = FIELD.exec(this.text)?.[0];
    if (field !== undefined) {
      this.#at += field.length;
      const values = this.#values();
      return { kind: 'field', name: field.slice(0, -1), values, start, end: this.#at };
    }
    const { text, quoted, star, end } = this.#value();
    if (star)
      this.#fault({ start: end - 1, end }, 'unexpected', 'Free text is found anywhere in a word: it takes no *.');
    if (!quoted && text === 'OR') return { kind: 'or', start, end };
    return { kind: 'word', text, quoted, start, end };
  }

  #values(): ValueToken[] {
    const values = [this.#value()];
    while (this.#next() === ',') {
      this.#at++;
      values.push(this.#value());
    }
    return values;
  }

  #value(): ValueToken {
    const start = this.#at;
    if (this.#next() === '"') return this.#quoted(start);
    while (this.#next() !== '' && !ENDS_BARE.test(this.#next())) this.#at++;
    return { text: this.text.slice(start, this.#at), quoted: false, star: false, start, end: this.#at };
  }

  #quoted(start: number): ValueToken {
    let said = '';
    for (this.#at++; this.#next() !== '"'; this.#at++) {
      if (this.#next() === '') {
        this.#fault({ start, end: this.#at }, 'unterminated', 'The quotation mark is never closed.');
        return { text: said, quoted: true, star: false, start, end: this.#at };
      }
      if (this.#next() === '\\' && /["\\]/.test(this.text[this.#at + 1] ?? '')) this.#at++;
      said += this.#next();
    }
    this.#at++;
    const star = this.#next() === '*';
    if (star) this.#at++;
    this.#glued();
    return { text: said, quoted: true, star, start, end: this.#at };
  }

  /** What touches a closing quotation mark without being able to is one fault, not a word of its own. */
  #glued(): void {
    const glued = this.#next();
    if (glued !== '' && !SPACE.test(glued) && glued !== ',' && glued !== ')') {
      const from = this.#at;
      while (this.#next() !== '' && !ENDS_BARE.test(this.#next())) this.#at++;
      if (this.#at === from) this.#at++;
      this.#fault({ start: from, end: this.#at }, 'unexpected', 'A space is missing after the quotation mark.');
    }
  }

  #fault(span: Span, code: QueryFault['code'], message: string): void {
    this.faults.push({ ...span, code, message });
  }

  #next(): string {
    return this.text[this.#at] ?? '';
  }
}
