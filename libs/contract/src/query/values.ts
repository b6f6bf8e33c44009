/** Numbers a value stands for: `[from, to)`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

const UNIT_MS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DAY_MS = 86_400_000;

const RELATIVE = /^-(\d{1,6})([smhdw])$/;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const DURATION = /^(?:\d{1,9}(?:\.\d{1,6})?(?:ms|[smhdw]))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;

/**
 * A point or stretch of time, in epoch milliseconds: `now`, `-15m`, `-7d`, `today`, `yesterday`, a day (`2026-11-22`), a
 * minute, a second, or RFC 3339 to the millisecond. Days, and times without a zone, are UTC. Null for anything else.
 */
export function parseMoment(text: string, now: number): Interval | null {
  if (text === 'now') return { from: now, to: now + 1 };
  const today = now - (((now % DAY_MS) + DAY_MS) % DAY_MS);
  if (text === 'today') return { from: today, to: today + DAY_MS };
  if (text === 'yesterday') return { from: today - DAY_MS, to: today };
  const relative = RELATIVE.exec(text);
  if (relative) {
    const from = now - Number(relative[1]) * (UNIT_MS[relative[2]!] ?? 0);
    return { from, to: from + 1 };
  }
  return parseIso(text);
}

function parseIso(text: string): Interval | null {
  const match = ISO.exec(text);
  if (!match) return null;
  const [, day = '', minute, second, fraction, zone = 'Z'] = match;
  const whole = Date.parse(`${day}T${minute ?? '00:00'}:${second ?? '00'}${zone}`);
  // Date.parse takes 30 February for 2 March; such a day is a slip, not a date.
  const asked = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(whole) || Number.isNaN(asked) || !new Date(asked).toISOString().startsWith(day)) return null;
  const from = whole + Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  if (minute === undefined) return { from, to: from + DAY_MS };
  if (second === undefined) return { from, to: from + 60_000 };
  return { from, to: from + (fraction === undefined ? 1_000 : 1) };
}

/** A length of time such as `250ms`, `30s`, `1h30m`, in milliseconds, to the precision of its smallest unit. */
export function parseDuration(text: string): Interval | null {
  if (!DURATION.test(text)) return null;
  let from = 0;
  let smallest = Infinity;
  for (const [, amount = '', unit = ''] of text.matchAll(DURATION_PART)) {
    const unitMs = UNIT_MS[unit] ?? 0;
    from += Number(amount) * unitMs;
    smallest = Math.min(smallest, unitMs);
  }
  return { from, to: from + smallest };
}

export function parseNumber(text: string): Interval | null {
  if (!/^\d{1,15}(?:\.\d{1,6})?$/.test(text)) return null;
  const value = Number(text);
  return { from: value, to: value };
}
