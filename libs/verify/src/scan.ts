const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** What the bytes of JSON mean to the scanner; everything else is passed over. */
const MEANS = new Uint8Array(256);
for (const byte of [QUOTE, BACKSLASH, LIST, LIST_END, OPEN, CLOSE]) MEANS[byte] = byte;

/** Where the members that chains need stand in one event line: [start, end) of each text, without its quotes. */
export class Scan {
  id = 0;
  idEnd = 0;
  origin = 0;
  originEnd = 0;
  prev = 0;
  prevEnd = 0;
  run = 0;
  runEnd = 0;
  /** −1 where there is none. */
  seq = -1;
  tenant = 0;
  tenantEnd = 0;
  type = 0;
  typeEnd = 0;
}

/**
 * Finds the top-level members of an event line that the structure of the log rests on. Reading them out of the whole
 * parsed event would cost twice as much as hashing it. False for a line that has not the outline of an event: an object
 * whose member names ascend, with these members as it should have them. Whether the rest is canonical JSON is checked
 * with the content; a name that stands in a nested object or in a text is never taken for a member.
 */
export function scan(line: Uint8Array, into: Scan): boolean {
  const last = line.length - 1;
  if (line[0] !== OPEN || line[last] !== CLOSE) return false;
  into.id = into.origin = into.prev = into.run = into.tenant = into.type = 0;
  into.seq = -1;
  let before = 0;
  for (let at = 1; ;) {
    if (line[at] !== QUOTE) return false;
    const name = at + 1;
    let end = name;
    while (line[end] !== QUOTE) {
      if (end >= last || line[end] === BACKSLASH) return false;
      end += 1;
    }
    if (line[end + 1] !== COLON || (before > 0 && !ascends(line, before, name))) return false;
    const value = end + 2;
    const after = endOfValue(line, value, last);
    if (after < 0) return false;
    note({ line, into, name, end, value, after });
    before = name;
    if (line[after] !== COMMA) {
      return after === last && into.id > 0 && into.prev > 0 && into.run > 0 && into.seq >= 0;
    }
    at = after + 1;
  }
}

/** Whether the name at `b` comes after the name at `a`, byte for byte, and is not the same. */
function ascends(line: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; ; i++) {
    const x = line[a + i]!;
    const y = line[b + i]!;
    if (x === y && x !== QUOTE) continue;
    if (x === QUOTE) return y !== QUOTE;
    return y !== QUOTE && x < y;
  }
}

/** Where the value that begins at `at` ends, or −1 when it does not before `last`. */
function endOfValue(line: Uint8Array, at: number, last: number): number {
  const first = line[at];
  if (first === QUOTE) {
    const end = endOfText(line, at + 1, last);
    return end < 0 ? -1 : end + 1;
  }
  if (first === OPEN || first === LIST) return endOfNested(line, at, last);
  let end = at;
  while (end < last && line[end] !== COMMA) end += 1;
  return end === at ? -1 : end;
}

function endOfText(line: Uint8Array, from: number, last: number): number {
  for (let i = from; i < last; i++) {
    const byte = line[i];
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i += 1;
  }
  return -1;
}

function endOfNested(line: Uint8Array, at: number, last: number): number {
  let depth = 0;
  for (let i = at; i < last; i++) {
    const means = MEANS[line[i]!]!;
    if (means === 0) continue;
    if (means === QUOTE) {
      i = endOfText(line, i + 1, last);
      if (i < 0) return -1;
    } else if (means === OPEN || means === LIST) {
      depth += 1;
    } else if (means !== BACKSLASH) {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

const asBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const [ID, ORIGIN, PREV, RUN, RUN_SEQ, TENANT, TYPE] = ['id', 'origin', 'prev', 'run', 'run_seq', 'tenant', 'type'].map(
  asBytes,
) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

interface Member {
  readonly line: Uint8Array;
  readonly into: Scan;
  readonly name: number;
  readonly end: number;
  readonly value: number;
  readonly after: number;
}

function note({ line, into, name, end, value, after }: Member): void {
  const length = end - name;
  const text = line[value] === QUOTE;
  if (length === 7) {
    if (same(line, name, RUN_SEQ)) into.seq = whole(line, value, after);
  } else if (!text) {
    return;
  } else if (length === 2) {
    if (same(line, name, ID)) [into.id, into.idEnd] = [value + 1, after - 1];
  } else if (length === 3) {
    if (same(line, name, RUN)) [into.run, into.runEnd] = [value + 1, after - 1];
  } else if (length === 4) {
    if (same(line, name, PREV)) [into.prev, into.prevEnd] = [value + 1, after - 1];
    else if (same(line, name, TYPE)) [into.type, into.typeEnd] = [value + 1, after - 1];
  } else if (length === 6) {
    if (same(line, name, ORIGIN)) [into.origin, into.originEnd] = [value + 1, after - 1];
    else if (same(line, name, TENANT)) [into.tenant, into.tenantEnd] = [value + 1, after - 1];
  }
}

export function same(line: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (line[at + i] !== text[i]) return false;
  return true;
}

/** A whole number without sign or leading zeros, or −1. */
function whole(line: Uint8Array, at: number, end: number): number {
  if (end - at > 10 || (line[at] === 0x30 && end - at > 1)) return -1;
  let value = 0;
  for (let i = at; i < end; i++) {
    const digit = line[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
