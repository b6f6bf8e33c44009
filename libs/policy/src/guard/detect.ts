import type { Detector } from './document';

/** A stretch of a text: from a character on, up to another, and what is there. */
export type Span = readonly [from: number, to: number, kind: string];

/**
 * Finds what the detectors know in a text, in order, without overlap. Linear in the text whatever it holds: each detector
 * looks a bounded number of characters around each place.
 */
export function detect(text: string, detectors: readonly Detector[]): readonly Span[] {
  return apart(detectors.flatMap((detector) => [...FIND[detector](text)]));
}

/** The same stretches in order, the longer of two that overlap. */
export function apart(spans: readonly Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const kept: Span[] = [];
  for (const span of spans.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const last = kept.at(-1);
    if (!last || span[0] >= last[1]) kept.push(span);
    // What begins within the last one and reaches beyond it is part of it: nothing of either may stay.
    else if (span[1] > last[1]) kept[kept.length - 1] = [last[0], span[1], last[2]];
  }
  return kept;
}

const FIND: { readonly [D in Detector]: (text: string) => Iterable<Span> } = {
  credential: credentials,
  payment_card: cards,
  iban: ibans,
  email: emails,
  phone: phones,
};

const TOKEN = /[A-Za-z0-9_-]+/g;

/** Keys as those who give them out write them: a known beginning, and as many characters after it. */
const KEYS: readonly (readonly [prefix: string, rest: RegExp])[] = [
  ['AKIA', /^[A-Z0-9]{16}$/],
  ['ASIA', /^[A-Z0-9]{16}$/],
  ['ghp_', /^\w{36,}$/],
  ['gho_', /^\w{36,}$/],
  ['ghu_', /^\w{36,}$/],
  ['ghs_', /^\w{36,}$/],
  ['ghr_', /^\w{36,}$/],
  ['github_pat_', /^\w{22,}$/],
  ['glpat-', /^[\w-]{20,}$/],
  ['xoxb-', /^[\w-]{10,}$/],
  ['xoxp-', /^[\w-]{10,}$/],
  ['xoxa-', /^[\w-]{10,}$/],
  ['xapp-', /^[\w-]{10,}$/],
  ['sk-', /^[\w-]{20,}$/],
  ['sk_live_', /^\w{16,}$/],
  ['rk_live_', /^\w{16,}$/],
  ['sk_test_', /^\w{16,}$/],
  ['whsec_', /^\w{16,}$/],
  ['AIza', /^[\w-]{35}$/],
  ['npm_', /^\w{36,}$/],
  ['hf_', /^\w{30,}$/],
  ['writ_', /^\w{20,}$/],
];

/** Words before a secret: `password: …`, `api_key=…`. */
const NAMES: ReadonlySet<string> = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'client_secret',
  'api_key',
  'apikey',
  'api-key',
  'access_key',
  'secret_key',
  'access_token',
  'auth_token',
  'refresh_token',
]);
const BEARER = 'bearer';

function* credentials(text: string): Generator<Span> {
  yield* privateKeys(text);
  for (const found of text.matchAll(TOKEN)) {
    const token = found[0];
    const from = found.index;
    const to = from + token.length;
    const key = KEYS.some(([prefix, rest]) => token.startsWith(prefix) && rest.test(token.slice(prefix.length)));
    if (key) yield [from, to, 'credential'];
    else if (token.startsWith('eyJ')) yield* webToken(text, from, to);
    else if (token.length <= 16) yield* named(text, token.toLowerCase(), to);
  }
}

/** Three parts between dots, the first two of which begin as an encoded object does. */
function* webToken(text: string, from: number, end: number): Generator<Span> {
  if (text[end] !== '.' || !text.startsWith('eyJ', end + 1)) return;
  const payload = tokenEnd(text, end + 1);
  if (text[payload] !== '.') return;
  const signature = tokenEnd(text, payload + 1);
  if (signature - from >= 40) yield [from, signature, 'credential'];
}

const isTokenCode = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code === 45;

function tokenEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isTokenCode(text.charCodeAt(at))) at += 1;
  return at;
}

const AROUND = 4;
const LONGEST_SECRET = 512;
const PLAIN = /[\s"'`,;<>(){}[\]]/;

/** What stands behind the name of a secret, if it looks like one: eight characters at least, letters and others. */
function* named(text: string, token: string, end: number): Generator<Span> {
  if (token === BEARER) {
    const from = end + 1;
    const to = valueEnd(text, from);
    if (text[end] === ' ' && to - from >= 16 && /\d/.test(text.slice(from, to))) yield [from, to, 'credential'];
    return;
  }
  if (!NAMES.has(token)) return;
  const between = /^["'`]?\s{0,2}[:=]\s{0,2}["'`]?/.exec(text.slice(end, end + 2 * AROUND));
  if (!between) return;
  const from = end + between[0].length;
  const to = valueEnd(text, from);
  const value = text.slice(from, to);
  if (value.length >= 8 && /[A-Za-z]/.test(value) && /[^A-Za-z]/.test(value)) yield [from, to, 'credential'];
}

function valueEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && at - from < LONGEST_SECRET && !PLAIN.test(text[at]!)) at += 1;
  return at;
}

const BEGIN = '-----BEGIN ';
const KEY = 'PRIVATE KEY-----';
/** Longest name before it: `ENCRYPTED `, `OPENSSH `. */
const NAMED = 24;

function* privateKeys(text: string): Generator<Span> {
  let last = -1;
  for (let at = text.indexOf(BEGIN); at >= 0; at = text.indexOf(BEGIN, at + BEGIN.length)) {
    if (at < last) continue;
    const head = text.slice(at, at + BEGIN.length + NAMED + KEY.length).indexOf(KEY);
    if (head < 0) continue;
    const foot = text.indexOf('-----END ', at + head);
    const close = foot < 0 ? -1 : text.indexOf('-----', foot + 9);
    // Cut off before its end, it is a key all the same.
    last = close < 0 ? text.length : close + 5;
    yield [at, last, 'credential'];
  }
}

/** Groups of digits with one space or dash between them. */
const DIGITS = /\d+(?:[ \u00a0-]\d+)*/g;
const LEAST_CARD = 13;
const MOST_CARD = 19;

function* cards(text: string): Generator<Span> {
  for (const found of text.matchAll(DIGITS)) {
    if (found[0].length < LEAST_CARD) continue;
    const groups = [...found[0].matchAll(/\d+/g)].map((group) => ({ text: group[0], from: found.index + group.index }));
    for (let first = 0; first < groups.length; first++) {
      const end = cardFrom(groups, first);
      if (end < 0) continue;
      const last = groups[end]!;
      yield [groups[first]!.from, last.from + last.text.length, 'payment_card'];
      first = end;
    }
  }
}

/** The group with which a card number that begins at `first` ends; -1 where none does. */
function cardFrom(groups: readonly { readonly text: string }[], first: number): number {
  let digits = '';
  let found = -1;
  for (let i = first; i < groups.length && digits.length < MOST_CARD; i++) {
    digits += groups[i]!.text;
    if (digits.length >= LEAST_CARD && digits.length <= MOST_CARD && isCard(digits)) found = i;
  }
  return found;
}

/** The first digit of an issuer, and the check digit of Luhn. One digit over and over is nobody's number. */
function isCard(digits: string): boolean {
  if (!/^[2-6]/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Characters of an IBAN, by country (ISO 13616). */
const IBAN: { readonly [country: string]: number } = {
  ...{ AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28 },
  ...{ CZ: 24, DE: 22, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FO: 18, FR: 27, GB: 22, GE: 22, GI: 23, GL: 18 },
  ...{ GR: 27, GT: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32 },
  ...{ LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MR: 27, MT: 31, MU: 30, NL: 18, NO: 15 },
  ...{ PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27 },
  ...{ ST: 25, SV: 28, TL: 23, TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20 },
};

function* ibans(text: string): Generator<Span> {
  for (const found of text.matchAll(/[A-Za-z]{2}\d{2}/g)) {
    const from = found.index;
    const length = IBAN[found[0].slice(0, 2).toUpperCase()];
    if (length === undefined || isWordAt(text, from - 1)) continue;
    let number = '';
    let at = from;
    // Written in groups of four, or in one piece.
    for (; at < text.length && number.length < length; at++) {
      if (isAlphanumeric(text.charCodeAt(at))) number += text[at];
      else if (text[at] !== ' ' || number.length % 4 !== 0) break;
    }
    if (number.length === length && !isWordAt(text, at) && isIban(number.toUpperCase())) yield [from, at, 'iban'];
  }
}

const isAlphanumeric = (code: number): boolean => isTokenCode(code) && code !== 95 && code !== 45;
const isWordAt = (text: string, at: number): boolean =>
  at >= 0 && at < text.length && isAlphanumeric(text.charCodeAt(at));

/** Remainder 1 of 97, letters as two digits, the first four characters last (ISO 7064). */
function isIban(number: string): boolean {
  let rest = 0;
  for (const one of number.slice(4) + number.slice(0, 4)) {
    const value = /\d/.test(one) ? Number(one) : one.charCodeAt(0) - 55;
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}

const LOCAL = /[A-Za-z0-9._%+'-]/;
const DOMAIN = /[A-Za-z0-9.-]/;

function* emails(text: string): Generator<Span> {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let from = at;
    while (from > 0 && at - from < 64 && LOCAL.test(text[from - 1]!)) from -= 1;
    let to = at + 1;
    while (to < text.length && to - at < 254 && DOMAIN.test(text[to]!)) to += 1;
    while (to > at && /[.-]/.test(text[to - 1]!)) to -= 1;
    const domain = text.slice(at + 1, to);
    if (from < at && /^[^.-][^]*\.[A-Za-z][A-Za-z0-9-]{1,62}$/.test(domain)) yield [from, to, 'email'];
  }
}

/** International, with + or 00 before it; and as it is written in North America. */
const PHONE =
  /(?:\+|\b00)\d(?:[ ().-]{0,2}\d){7,14}(?!\d)|(?<![\d-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\d-])/g;

function* phones(text: string): Generator<Span> {
  for (const found of text.matchAll(PHONE)) yield [found.index, found.index + found[0].length, 'phone'];
}
