import { sha256Hex } from '@writ/kernel';
import { fromBase64 } from './base64';
import { isOriginOf } from './checkpoint';
import type { LogCheck } from './check';
import { OURS, SPAN } from './export-lines';
import { HASH_BYTES } from './hashing';
import { parseVkey, type VerifierKey } from './note';
import { cover } from './ranges';
import { type Problems, quote } from './report';
import { same } from './scan';

/** What the first line of an export says. */
export interface ReadHeader {
  readonly origin: string;
  readonly tenant: string;
  readonly generation: number;
  /** Those that could be read, in their order. */
  readonly keys: readonly VerifierKey[];
  readonly size: number;
  readonly unsealed: number;
  readonly madeAt: string;
}

type Members = { readonly [name: string]: unknown };

const MARK = Uint8Array.from(OURS, (char) => char.charCodeAt(0));
const SUM = /,"sum":"([0-9a-f]{64})"\}$/;
const SUM_LENGTH = ',"sum":""}'.length + 64;
const FORMAT = 1;

export const isOurs = (line: Uint8Array): boolean => same(line, 0, MARK);

/** One of our lines, read: its kind and members, and whether its sum continues that of our line before. */
export class OurLines {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Sums our next line may continue: what the line before says its sum is, and what it is. */
  #sums: readonly string[] = [''];

  constructor(private readonly problems: Problems) {}

  /** Null, and said so, for a line that cannot be read. */
  read(
    line: Uint8Array,
    byte: number,
  ): { readonly kind: string; readonly members: Members; readonly sound: boolean } | null {
    let text: string;
    let members: Members;
    try {
      text = this.#decoder.decode(line);
      members = JSON.parse(text) as Members;
    } catch {
      this.problems.add({ fault: 'unreadable', message: 'This line is not UTF-8 text in JSON.', byte });
      return null;
    }
    const sound = this.#summed(text, byte);
    return { kind: String(members['$writ']), members, sound };
  }

  #summed(text: string, byte: number): boolean {
    const stated = SUM.exec(text)?.[1];
    const body = text.slice(0, -SUM_LENGTH);
    const sums = this.#sums.map((before) => sha256Hex(before + body));
    // A line whose own sum was changed must not make the next one look wrong.
    this.#sums = [...new Set([...(stated === undefined ? [] : [stated]), ...sums])].slice(0, 4);
    if (stated !== undefined && sums.includes(stated)) return true;
    const message = 'This line does not continue the line of ours before it: it was changed, or that one is missing.';
    this.problems.add({ fault: 'sum', message, byte, expected: sums[0] ?? null, found: stated ?? null });
    return false;
  }
}

const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The header, or why the file is no export of ours. */
export function readHeader(members: Members): ReadHeader | string {
  const { $writ, format, origin, tenant, generation, keys, size, unsealed, made_at: madeAt } = members;
  if ($writ !== 'export') return 'its first line is not the header of an export';
  if (format !== FORMAT) return `it is of format ${quote(format)}, and this verifier reads format ${FORMAT}`;
  if (typeof origin !== 'string' || typeof tenant !== 'string') return 'its header names no origin or no tenant';
  if (!whole(generation) || !whole(size) || !whole(unsealed)) return 'its header has counts that are no numbers';
  if (typeof madeAt !== 'string' || !Array.isArray(keys)) return 'its header is incomplete';
  const base = `writ/${tenant}`;
  if (!isOriginOf(base, origin) || origin !== (generation < 2 ? base : `${base}/${generation}`)) {
    return `its origin ${quote(origin)} is not that of generation ${generation} of tenant ${quote(tenant)}`;
  }
  const read = keys.map((key) => (typeof key === 'string' ? parseVkey(key) : null));
  const found = read.flatMap((key) => (key?.ok && key.value.name === origin ? [key.value] : []));
  if (found.length === 0) return 'its header names no key of the log';
  return { origin, tenant, generation, keys: found, size, unsealed, madeAt };
}

/** Hands one of our lines to the check. Says what is wrong with its members; false for the `end`. */
export function takeOurs(
  check: LogCheck,
  line: { readonly kind: string; readonly members: Members; readonly byte: number },
): void {
  const { kind, members, byte } = line;
  const fail = (message: string): void => check.problems.add({ fault: 'unreadable', message, index: check.next, byte });
  switch (kind) {
    case 'checkpoint': {
      const { text } = members;
      return typeof text === 'string' ? check.checkpoint(text, byte) : fail('This checkpoint has no text.');
    }
    case 'gap':
      return takeGap(check, { members, byte }, fail);
    case 'leaves': {
      const { count, hashes } = members;
      const bytes = typeof hashes === 'string' ? fromBase64(hashes) : null;
      if (!whole(count) || count < 1 || count > SPAN || bytes?.length !== count * HASH_BYTES) {
        check.leaves(null);
        return fail('These are no leaf hashes: 1 to 256 of 32 bytes each.');
      }
      return check.leaves(bytes, byte);
    }
    default:
      return fail(`There is no line of the kind ${quote(kind)} here.`);
  }
}

function takeGap(
  check: LogCheck,
  { members, byte }: { readonly members: Members; readonly byte: number },
  fail: (message: string) => void,
): void {
  const { from, to, hashes } = members;
  if (!whole(from) || !whole(to) || to <= from) return fail('This gap has no bounds.');
  const texts: readonly unknown[] = Array.isArray(hashes) ? hashes : [];
  const read = texts.map((text) => (typeof text === 'string' ? fromBase64(text) : null));
  const bytes = read.filter((hash) => hash?.length === HASH_BYTES).map((hash) => hash!);
  const wanted = cover({ start: from, end: to }).length;
  if (bytes.length !== wanted || texts.length !== wanted) return fail(`This gap takes ${wanted} hashes of 32 bytes.`);
  check.gap({ from, to }, bytes, byte);
}
