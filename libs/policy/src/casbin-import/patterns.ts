import { inexact, type Test } from './tests';

/** Casbin's matching functions over constants, as tests; each by what it does, quirks included. */
export const PATTERN_FUNCTIONS: { readonly [name: string]: (pattern: string) => readonly Test[] } = {
  keyMatch: (pattern) => [keyMatch(pattern)],
  keyMatch2: (pattern) => [pathTemplate(pattern, ':')],
  keyMatch3: (pattern) => [pathTemplate(pattern, '{')],
  keyMatch4: (pattern) => [
    repeats(pattern) ? inexact('keyMatch4 compares parts of a name') : pathTemplate(pattern, '{'),
  ],
  globMatch: (pattern) => [glob(pattern)],
  regexMatch,
  ipMatch: (network) => [{ kind: 'network', value: network }],
};

/** A text as itself in a pattern of the condition `glob`. */
const literally = (text: string): string => text.replace(/[*?{}\\]/g, '\\$&');

/** Whatever follows the first star does not count. */
function keyMatch(pattern: string): Test {
  const star = pattern.indexOf('*');
  return star === -1 ? { kind: 'is', value: pattern } : { kind: 'prefix', value: pattern.slice(0, star) };
}

const ANY: Test = { kind: 'glob', value: '**' };

/** `/users/:id` or `/users/{id}`: a part that is not empty; `/*`: all that follows. The rest is a regular expression. */
function pathTemplate(pattern: string, opens: ':' | '{'): Test {
  if (pattern === '*' && opens === ':') return ANY;
  const part = opens === ':' ? /\/:[^/]+/g : /\/\{[^/{}]+\}/g;
  const marked = pattern.replaceAll('/*', '/\u0001').replace(part, '/\u0002');
  // A colon elsewhere is left alone only where no part begins with one; what Casbin does otherwise nobody relies on.
  const odd = opens === ':' ? marked.includes(':') && marked.includes('\u0002') : marked.includes('{');
  const plain = marked.replaceAll('\u0001', '').replaceAll('\u0002', '');
  if (odd || /[\\^$+?()[\]{}|*]/.test(plain.replaceAll('.', ''))) {
    return inexact(`the pattern ${pattern} holds signs of a regular expression`);
  }
  const written = (dot: string): string =>
    literally(marked).replaceAll('\u0001', '**').replaceAll('\u0002', '{part}').replaceAll('.', dot);
  if (!plain.includes('.')) return { kind: 'glob', value: written('.') };
  // To Casbin a dot is any character.
  const near = {
    narrower: { kind: 'glob', value: written('.') },
    wider: { kind: 'glob', value: written('**') },
  } as const;
  return inexact(`in the pattern ${pattern} a dot stands for any character to Casbin, for a dot here`, near);
}

function repeats(pattern: string): boolean {
  const parts = pattern.match(/\{[^/{}]+\}/g) ?? [];
  return new Set(parts).size !== parts.length;
}

/** As Casbin in Go reads it: `*` is any run of characters within one part of a path, the empty one too. */
function glob(pattern: string): Test {
  if (/[[\]{}!\\()]/.test(pattern)) return inexact(`the pattern ${pattern} uses more than * and ?`);
  if (!pattern.includes('**')) return { kind: 'glob', value: pattern };
  const near = {
    narrower: { kind: 'glob', value: pattern.replace(/\*{2,}/g, '*') },
    wider: { kind: 'glob', value: pattern.replace(/\*{2,}/g, '**') },
  } as const;
  return inexact(`implementations of Casbin differ over ** in the pattern ${pattern}`, near);
}

/** Words an expression may stand for in all. */
const MAX_WORDS = 256;

/** A regular expression that stands for a few words, with or without anything before and after; no other is carried over. */
function regexMatch(expression: string): readonly Test[] {
  const words = new Words(expression).whole();
  if (words === null) return [inexact(`the regular expression ${expression} stands for more than a list of words`)];
  return words.map(({ text, starts, ends }) => {
    if (starts && ends) return { kind: 'is', value: text };
    if (starts) return { kind: 'prefix', value: text, word: text };
    return { kind: 'glob', value: `**${literally(text)}${ends ? '' : '**'}`, word: text };
  });
}

interface Word {
  readonly text: string;
  /** Whether anything may come before or after it: expressions are not anchored unless they say so. */
  readonly starts: boolean;
  readonly ends: boolean;
}

/** A reader of regular expressions made of characters, `|`, groups, `?` and `.*` at either end. */
class Words {
  #at = 0;
  #depth = 0;

  constructor(private readonly text: string) {}

  whole(): readonly Word[] | null {
    const words: Word[] = [];
    do {
      const starts = this.#take('^');
      if (this.#take('.*') && starts) return null;
      const texts = this.#sequence();
      if (texts === null) return null;
      const open = this.#take('.*');
      const ends = this.#take('$');
      for (const text of texts) words.push({ text, starts, ends: ends && !open });
      if (words.length > MAX_WORDS) return null;
    } while (this.#take('|'));
    return this.#at === this.text.length ? words : null;
  }

  #sequence(): string[] | null {
    let texts = [''];
    for (;;) {
      const next = this.#atom();
      if (next === null) return null;
      if (next.length === 0) return texts;
      const choices = this.#take('?') ? [...next, ''] : next;
      texts = texts.flatMap((text) => choices.map((choice) => text + choice));
      if (texts.length > MAX_WORDS) return null;
    }
  }

  /** The texts of one character or group; none at the end of a sequence, null for anything else. */
  #atom(): string[] | null {
    const sign = this.text[this.#at];
    if (sign === undefined || sign === '|' || sign === ')' || sign === '$' || this.text.startsWith('.*', this.#at))
      return [];
    if (this.#take('(')) return this.#group();
    if (this.#take('\\')) {
      const escaped = this.text[this.#at++];
      return escaped !== undefined && /[^A-Za-z0-9]/.test(escaped) ? [escaped] : null;
    }
    if (/[.*+?[\]{}^]/.test(sign)) return null;
    this.#at += 1;
    return [sign];
  }

  #group(): string[] | null {
    this.#take('?:');
    if (++this.#depth > 16) return null;
    const texts: string[] = [];
    do {
      const more = this.#sequence();
      if (more === null) return null;
      texts.push(...more);
    } while (this.#take('|'));
    this.#depth -= 1;
    return this.#take(')') && texts.length <= MAX_WORDS ? texts : null;
  }

  #take(sign: string): boolean {
    if (!this.text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }
}
