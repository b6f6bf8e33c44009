import { isOriginOf, parseVkey, type VerifierKey } from '@writ/verify';

/**
 * What this browser has learned about logs by ways other than the page it is looking at: pinned keys, and the tree heads
 * it saw before. INVARIANT: nothing the server says during a check is ever written here as a key.
 */
const KEYS = 'writ-log-keys';
const HEADS = 'writ-log-heads';

export interface SeenHead {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note. */
  readonly text: string;
  /** Epoch milliseconds of when this browser saw it. */
  readonly at: number;
}

function kept<T>(name: string): readonly T[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(name) ?? '[]');
    return Array.isArray(value) ? (value as T[]) : [];
  } catch {
    return [];
  }
}

/** Keys somebody pinned for a log, by the base of its origin. */
export function pinnedKeys(base: string): readonly VerifierKey[] {
  return kept<string>(KEYS).flatMap((vkey) => {
    const key = parseVkey(vkey);
    return key.ok && isOriginOf(base, key.value.name) ? [key.value] : [];
  });
}

/** Pins a key; answers why a text cannot be pinned for this log, null when it now is. */
export function pin(vkey: string, base?: string): string | null {
  const key = parseVkey(vkey.trim());
  if (!key.ok) return key.failure.message;
  if (base !== undefined && !isOriginOf(base, key.value.name))
    return `That key is for ${key.value.name}, not for ${base}.`;
  localStorage.setItem(KEYS, JSON.stringify([...new Set([...kept<string>(KEYS), vkey.trim()])]));
  return null;
}

export const seenHead = (origin: string): SeenHead | null =>
  kept<SeenHead>(HEADS).find((head) => head.origin === origin) ?? null;

/** Keeps the largest head that stood every check. */
export function rememberHead(head: SeenHead): void {
  const before = seenHead(head.origin);
  if (before && before.size > head.size) return;
  const others = kept<SeenHead>(HEADS).filter(({ origin }) => origin !== head.origin);
  localStorage.setItem(HEADS, JSON.stringify([...others, head]));
}

/** Checkpoints of a log that stood every check here, as signed notes. */
export const seenHeads = (base: string): readonly string[] =>
  kept<SeenHead>(HEADS).flatMap((head) => (isOriginOf(base, head.origin) ? [head.text] : []));
