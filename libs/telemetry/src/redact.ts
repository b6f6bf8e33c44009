const SECRET_NAMES =
  'authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|password|passwd|secret|client[-_]?secret|' +
  'token|access[-_]?token|refresh[-_]?token|private[-_]?key';
const SECRET_KEY = new RegExp(`^(?:${SECRET_NAMES})$`, 'i');
/** A secret member in a written JSON line: what reached it past `redactFields`, such as a child logger's bindings. */
const SECRET_MEMBER = new RegExp(`("(?:${SECRET_NAMES})":)"(?:[^"\\\\]|\\\\.)*"`, 'gi');

/** Shapes of secrets wherever they stand: bearer tokens, vendor keys, our own keys, what webhooks are signed with, passwords inside URLs. */
const SECRET_VALUES: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, '$1 [redacted]'],
  [/\b(sk|pk|rk)-[A-Za-z0-9_-]{8,}/g, '[redacted]'],
  [/\b(writ_[0-9a-hjkmnp-tv-z]{26})_[A-Za-z0-9_-]+/g, '$1_[redacted]'],
  [/\bwhsec_[A-Za-z0-9+/]{8,}=*/g, 'whsec_[redacted]'],
  [/\b(enc:[0-9a-f]{8}):[A-Za-z0-9_-]{8,}/g, '$1:[redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"]*):[^\s@/"]+@/gi, '$1:[redacted]@'],
];

const MAX_DEPTH = 8;

/** Replaces what looks like a secret inside text. */
export function redactText(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of SECRET_VALUES) clean = clean.replace(pattern, replacement);
  return clean;
}

/** The same for a whole line of JSON, and its members named like secrets. */
export function redactLine(line: string): string {
  return redactText(line).replace(SECRET_MEMBER, '$1"[redacted]"');
}

/** A copy whose members named like secrets are blanked, to a depth of eight; deeper values are dropped. */
export function redactFields(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    copy[key] = SECRET_KEY.test(key) ? '[redacted]' : redactFields(member, depth + 1);
  }
  return copy;
}
