import type { Brand } from './brand';
import { fillRandom } from './random';

/**
 * Typed identifiers: a prefix, an underscore, and a UUIDv7 (RFC 9562 §5.7) as 26 lower-case Crockford base32
 * characters. They sort by creation time, and a pasted id says what it names.
 */
export const ID_PREFIXES = {
  tenant: 'ten',
  run: 'run',
  unit: 'unt',
  decision: 'dec',
  event: 'evt',
  mail: 'mai',
  key: 'key',
  stop: 'stp',
  budget: 'bud',
  worker: 'wkr',
  delegation: 'dlg',
  request: 'req',
  log: 'log',
  approval: 'apr',
  input: 'inp',
  trigger: 'trg',
  batch: 'bat',
  standIn: 'sub',
  subscription: 'whk',
  review: 'rev',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

export type TenantId = Brand<string, 'TenantId'>;
export type RunId = Brand<string, 'RunId'>;
export type UnitId = Brand<string, 'UnitId'>;
export type DecisionId = Brand<string, 'DecisionId'>;
export type EventId = Brand<string, 'EventId'>;
export type MailId = Brand<string, 'MailId'>;
export type KeyId = Brand<string, 'KeyId'>;
export type StopId = Brand<string, 'StopId'>;
export type BudgetId = Brand<string, 'BudgetId'>;
export type WorkerId = Brand<string, 'WorkerId'>;
export type DelegationId = Brand<string, 'DelegationId'>;
export type RequestId = Brand<string, 'RequestId'>;
export type LogId = Brand<string, 'LogId'>;
export type ApprovalId = Brand<string, 'ApprovalId'>;
export type InputId = Brand<string, 'InputId'>;
export type TriggerId = Brand<string, 'TriggerId'>;
export type BatchId = Brand<string, 'BatchId'>;
export type StandInId = Brand<string, 'StandInId'>;
export type SubscriptionId = Brand<string, 'SubscriptionId'>;
export type ReviewId = Brand<string, 'ReviewId'>;

interface IdTypes {
  tenant: TenantId;
  run: RunId;
  unit: UnitId;
  decision: DecisionId;
  event: EventId;
  mail: MailId;
  key: KeyId;
  stop: StopId;
  budget: BudgetId;
  worker: WorkerId;
  delegation: DelegationId;
  request: RequestId;
  log: LogId;
  approval: ApprovalId;
  input: InputId;
  trigger: TriggerId;
  batch: BatchId;
  standIn: StandInId;
  subscription: SubscriptionId;
  review: ReviewId;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const BODY_LENGTH = 26;
const BODY = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

let lastMs = 0;
let counter = 0;

/** The bytes and the characters of the id being made: each is made whole before another is begun. */
const bytes = new Uint8Array(16);
const characters = Array.from({ length: BODY_LENGTH }, () => 0);
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));

/** UUIDv7 bytes; ids of one process made in one millisecond stay in order (RFC 9562 §6.2, method 1). */
function uuidV7(nowMs: number): Uint8Array {
  fillRandom(bytes);
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = (bytes[6]! & 0x07) * 256 + bytes[7]!;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  putTime(bytes, lastMs);
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes;
}

/** Epoch milliseconds as the first six bytes; taken apart as two whole numbers, which is ten times as fast as one. */
function putTime(into: Uint8Array, ms: number): void {
  const high = Math.floor(ms / 2 ** 24);
  const low = ms - high * 2 ** 24;
  into[0] = high >> 16;
  into[1] = high >> 8;
  into[2] = high;
  into[3] = low >> 16;
  into[4] = low >> 8;
  into[5] = low;
}

/** 128 bits as 26 characters, most significant first; the first character carries the top three bits. */
function crockford(from: Uint8Array): string {
  let bits = 0;
  let held = 2;
  let at = 0;
  for (let i = 0; i < 16; i++) {
    bits = (bits << 8) | from[i]!;
    held += 8;
    while (held >= 5) {
      held -= 5;
      characters[at++] = CODES[(bits >> held) & 31]!;
      bits &= (1 << held) - 1;
    }
  }
  // One text, where joining one character after the other would make twenty-six.
  return String.fromCharCode(...characters);
}

export function newId<K extends IdKind>(kind: K, nowMs: number = Date.now()): IdTypes[K] {
  return `${ID_PREFIXES[kind]}_${crockford(uuidV7(nowMs))}` as unknown as IdTypes[K];
}

/**
 * The id that follows from what it is of: the same seed and time give the same one, in any process and after any crash.
 * `digestHex` is a SHA-256 over the seed; the time bits are `ms`, so that it sorts among the other ids.
 */
export function derivedId<K extends IdKind>(kind: K, ms: number, digestHex: string): IdTypes[K] {
  const seeded = Uint8Array.from({ length: 16 }, (_, i) => parseInt(digestHex.slice(2 * i, 2 * i + 2), 16));
  putTime(seeded, ms);
  seeded[6] = 0x70 | (seeded[6]! & 0x0f);
  seeded[8] = 0x80 | (seeded[8]! & 0x3f);
  return `${ID_PREFIXES[kind]}_${crockford(seeded)}` as unknown as IdTypes[K];
}

export function isId<K extends IdKind>(kind: K, value: unknown): value is IdTypes[K] {
  const prefix = ID_PREFIXES[kind];
  return (
    typeof value === 'string' &&
    value.length === prefix.length + 1 + BODY_LENGTH &&
    value.startsWith(`${prefix}_`) &&
    BODY.test(value.slice(prefix.length + 1))
  );
}

/** Which kind of thing an id names, from its prefix; undefined for text that is no id of ours. */
export function idKind(value: string): IdKind | undefined {
  const kinds = Object.keys(ID_PREFIXES) as IdKind[];
  return kinds.find((kind) => isId(kind, value));
}

/** Characters of an id's body that hold its time: 50 bits, of which 48 are used. */
const TIME_LENGTH = 10;

/** Epoch milliseconds at which an id of ours was made, by its maker's clock. Null for text that is no id of ours. */
export function timeOfId(id: string): number | null {
  const kind = idKind(id);
  if (kind === undefined) return null;
  const body = id.slice(ID_PREFIXES[kind].length + 1);
  let time = 0;
  for (const character of body.slice(0, TIME_LENGTH)) time = time * 32 + ALPHABET.indexOf(character);
  return time;
}

/** Sorts before every id of this kind made at `ms` or later, and after every earlier one. It is no id itself. */
export function firstIdAt(kind: IdKind, ms: number): string {
  let left = Math.min(Math.max(Math.floor(ms), 0), 2 ** 48 - 1);
  let text = '';
  for (let i = 0; i < TIME_LENGTH; i++) {
    text = (ALPHABET[left % 32] ?? '') + text;
    left = Math.floor(left / 32);
  }
  return `${ID_PREFIXES[kind]}_${text}`;
}
