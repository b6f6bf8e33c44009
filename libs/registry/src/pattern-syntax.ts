import { lacking, MAX_REPEAT, tooLarge, unbounded } from './pattern-refused';

/** Places of a pattern: its characters and classes, with the repeats written out. Memory and time per character grow with them. */
export const MAX_PLACES = 4000;

const LOOK = /\(\?(<?)[=!]/y;
const MODIFIERS = /\(\?[a-z-]+:/y;
const OPEN = /\((?:\?:|\?<[^>]*>)?/y;
const REPEAT = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;
const ESCAPE =
  /\\(?:u\{([\da-f]+)\}|u(d[89ab][\da-f]{2})\\u(d[c-f][\da-f]{2})|u([\da-f]{4})|x([\da-f]{2})|c([a-z])|([1-9]|k<)|(p)\{([^}]+)\}|([^]))/iuy;

type Ranges = readonly (readonly [number, number])[];
const LAST = 0x10ffff;
const SPACE: Ranges = [
  ...[[0x09, 0x0d] as const, [0x20, 0x20] as const, [0xa0, 0xa0] as const, [0x1680, 0x1680] as const],
  ...[[0x2000, 0x200a] as const, [0x2028, 0x2029] as const, [0x202f, 0x202f] as const, [0x205f, 0x205f] as const],
  ...[[0x3000, 0x3000] as const, [0xfeff, 0xfeff] as const],
];
const DIGIT: Ranges = [[0x30, 0x39]];
const WORD: Ranges = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const LINE_END: Ranges = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];

const point = (code: number): string => `\\x{${code.toString(16)}}`;
const written = (ranges: Ranges): string => ranges.map(([from, to]) => `${point(from)}-${point(to)}`).join('');

function others(ranges: Ranges): Ranges {
  const starts = [0, ...ranges.map(([, to]) => to + 1)];
  const ends = [...ranges.map(([from]) => from - 1), LAST];
  return starts.map((from, i) => [from, ends[i] ?? LAST] as const);
}

/** Inside brackets; RE2's own \s and . are others than those of JavaScript. */
const SETS: ReadonlyMap<string, string> = new Map([
  ['d', written(DIGIT)],
  ['D', written(others(DIGIT))],
  ['w', written(WORD)],
  ['W', written(others(WORD))],
  ['s', written(SPACE)],
  ['S', written(others(SPACE))],
]);
const ANY = `[${written(others(LINE_END))}]`;

const CONTROL: ReadonlyMap<string, number> = new Map([
  ['0', 0],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
]);

/** RE2 knows general categories by their short names only. */
const CATEGORIES: ReadonlyMap<string, string> = new Map(
  (
    'Letter L|Cased_Letter LC|Uppercase_Letter Lu|Lowercase_Letter Ll|Titlecase_Letter Lt|Modifier_Letter Lm|' +
    'Other_Letter Lo|Mark M|Combining_Mark M|Nonspacing_Mark Mn|Spacing_Mark Mc|Enclosing_Mark Me|Number N|' +
    'Decimal_Number Nd|digit Nd|Letter_Number Nl|Other_Number No|Punctuation P|punct P|Symbol S|Math_Symbol Sm|' +
    'Currency_Symbol Sc|Modifier_Symbol Sk|Other_Symbol So|Separator Z|Space_Separator Zs|Line_Separator Zl|' +
    'Paragraph_Separator Zp|Other C|Control Cc|cntrl Cc|Format Cf|Surrogate Cs|Private_Use Co|Unassigned Cn'
  )
    .split('|')
    .map((pair) => pair.split(' ') as [string, string]),
);

const NAMED = new Set(['General_Category', 'gc', 'Script', 'sc']);

interface Translated {
  readonly source: string;
  readonly places: number;
}

/** A valid pattern of JavaScript (flag u) in the syntax of RE2. Groups capture nothing: nobody asks what they held. */
export function translate(pattern: string): Translated {
  let at = 0;
  let source = '';
  let atom = 0;
  /** Places so far, of each open group. */
  const open = [0];
  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(pattern);
    if (found) at = token.lastIndex;
    return found;
  };
  const put = (text: string, places: number): void => {
    source += text;
    atom = places;
    open.push((open.pop() ?? 0) + places);
  };
  const next = (): string => {
    const one = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    at += one.length;
    return one;
  };
  /** One escape, one character or one set, as it stands inside brackets. */
  const member = (): string => {
    const escape = take(ESCAPE);
    return escape ? escaped(escape, pattern) : point(next().codePointAt(0) ?? 0);
  };
  const brackets = (): string => {
    const negated = pattern[at] === '^';
    if (negated) at++;
    let members = '';
    while (pattern[at] !== ']') {
      if (pattern[at] === '-' && pattern[at + 1] !== ']' && RANGE_OPEN.test(members.slice(-11))) {
        at++;
        members += '-';
      }
      members += member();
    }
    at++;
    if (members === '') return negated ? `[${point(0)}-${point(LAST)}]` : `[^${point(0)}-${point(LAST)}]`;
    return `[${negated ? '^' : ''}${members}]`;
  };
  while (at < pattern.length) {
    const look = take(LOOK);
    if (look) throw unbounded(pattern, look[1] ? 'a look-behind' : 'a look-ahead');
    if (take(MODIFIERS)) throw lacking(pattern, 'modifiers of a group');
    if (take(OPEN)) {
      source += '(?:';
      open.push(0);
      continue;
    }
    const repeat = take(REPEAT);
    if (repeat) {
      const most = mostOf(repeat);
      if (most > MAX_REPEAT) throw tooLarge(pattern, `repeats more than ${MAX_REPEAT} times`);
      source += boundOf(repeat);
      open.push((open.pop() ?? 0) + atom * (Math.max(most, 1) - 1));
      if (Math.max(...open) > MAX_PLACES) break;
      continue;
    }
    const one = pattern[at];
    if (one === '\\') {
      const escape = take(ESCAPE);
      if (escape?.[10] === 'b' || escape?.[10] === 'B') put(`\\${escape[10]}`, 1);
      else if (escape) put(`[${escaped(escape, pattern)}]`, 1);
      continue;
    }
    const char = next();
    if (char === ')') {
      const inner = open.pop() ?? 0;
      put(')', inner + 1);
    } else if (char === '|') put('|', 1);
    else if (char === '^') put('\\A', 1);
    else if (char === '$') put('\\z', 1);
    else if (char === '.') put(ANY, 1);
    else if (char === '[') put(brackets(), 1);
    else put(point(char.codePointAt(0) ?? 0), 1);
  }
  const places = open.reduce((sum, one) => sum + one, 1);
  if (places > MAX_PLACES)
    throw tooLarge(pattern, `has more than ${MAX_PLACES} places once its repeats are written out`);
  return { source, places };
}

/** The last member (at most ten characters) is a single one that ends no range: a dash after it begins one. */
const RANGE_OPEN = /(?:^|[^-])\\x\{[\da-f]+\}$/;

function mostOf([, sign, least, comma, most]: RegExpExecArray): number {
  return sign || (comma && !most) ? Number(least ?? 1) : Number(most || least);
}

/** Whether greedy or lazy, what matches is the same. */
const boundOf = ([, sign, least, comma, most]: RegExpExecArray): string =>
  sign ?? `{${Number(least)}${comma}${most ? Number(most) : ''}}`;

function escaped(escape: RegExpExecArray, pattern: string): string {
  const [, braced, lead, trail, unit, byte, control, back, , property, other = ''] = escape;
  const hex = braced ?? unit ?? byte;
  if (hex) return point(Number.parseInt(hex, 16));
  if (lead && trail) {
    return point(((Number.parseInt(lead, 16) - 0xd800) << 10) + (Number.parseInt(trail, 16) - 0xdc00) + 0x10000);
  }
  if (control) return point(control.charCodeAt(0) % 32);
  if (back) throw unbounded(pattern, 'a back-reference');
  if (property) {
    const [name = '', value] = property.split('=');
    // `Script_Extensions` holds more than the script of that name.
    if (value !== undefined && !NAMED.has(name)) throw lacking(pattern, `the property ${name}`);
    return `${escape[0].slice(0, 2)}{${CATEGORIES.get(value ?? name) ?? value ?? name}}`;
  }
  // Inside brackets \b is a backspace; outside it does not come here.
  return SETS.get(other) ?? point(other === 'b' ? 8 : (CONTROL.get(other) ?? other.codePointAt(0) ?? 0));
}
