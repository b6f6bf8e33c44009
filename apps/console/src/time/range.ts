/**
 * A window of time as an address carries it: a token relative to now (`-15m`, `-7d`, `now`, `today`), or RFC 3339.
 * Relative windows move; a copied address with one shows "the last day" of whoever opens it.
 */
export interface RangeText {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Epoch milliseconds; `from` null reaches back to the beginning, `to` null is open towards the future. */
export interface Range {
  readonly from: number | null;
  readonly to: number | null;
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const RELATIVE = /^-(\d{1,5})([smhdw])$/;

export const QUICK: readonly { readonly from: string; readonly label: string }[] = [
  { from: '-15m', label: 'Last 15 minutes' },
  { from: '-1h', label: 'Last hour' },
  { from: '-6h', label: 'Last 6 hours' },
  { from: '-24h', label: 'Last 24 hours' },
  { from: '-7d', label: 'Last 7 days' },
  { from: '-30d', label: 'Last 30 days' },
  { from: 'today', label: 'Today' },
  { from: 'all', label: 'All time' },
];

/** Epoch milliseconds of one end; null for `all` and `now`; undefined for text that is no time. */
export function moment(text: string, now: number, zone: 'local' | 'utc' = 'local'): number | null | undefined {
  if (text === 'all' || text === 'now') return null;
  if (text === 'today') return startOfDay(now, zone);
  const relative = RELATIVE.exec(text);
  if (relative) return now - Number(relative[1]) * UNIT_MS[relative[2] as keyof typeof UNIT_MS];
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const normal = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text.replace(' ', 'T');
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(normal) || zone === 'local' ? normal : `${normal}Z`;
  const at = Date.parse(zoned);
  return Number.isNaN(at) ? undefined : at;
}

function startOfDay(now: number, zone: 'local' | 'utc'): number {
  const day = new Date(now);
  if (zone === 'utc') day.setUTCHours(0, 0, 0, 0);
  else day.setHours(0, 0, 0, 0);
  return day.getTime();
}

export function resolveRange(text: RangeText, now: number, zone: 'local' | 'utc'): Range {
  return {
    from: moment(text.from ?? 'all', now, zone) ?? null,
    to: moment(text.to ?? 'now', now, zone) ?? null,
  };
}

/** How the window is called in the bar: the quick range's name, or both ends. */
export function rangeLabel({ from, to }: RangeText, show: (at: string) => string): string {
  const quick = QUICK.find((one) => one.from === (from ?? 'all'));
  if (quick && (to === undefined || to === 'now')) return quick.label;
  if (from !== undefined && RELATIVE.test(from) && to === undefined) return `Last ${from.slice(1)}`;
  const name = (text: string | undefined, none: string): string => {
    if (text === undefined || text === 'now' || text === 'all') return none;
    return RELATIVE.test(text) ? text : show(text);
  };
  return `${name(from, 'beginning')} – ${name(to, 'now')}`;
}

/** The window moved by half its length, earlier or later; null where an end is open and nothing can be moved. */
export function shifted(range: Range, direction: -1 | 1, now: number): RangeText | null {
  if (range.from === null) return null;
  const to = range.to ?? now;
  const by = Math.round((to - range.from) / 2) * direction;
  return { from: new Date(range.from + by).toISOString(), to: new Date(to + by).toISOString() };
}

/** Twice as wide around the same middle, but never into the future. */
export function widened(range: Range, now: number): RangeText | null {
  if (range.from === null) return null;
  const to = range.to ?? now;
  const half = Math.round((to - range.from) / 2);
  return { from: new Date(range.from - half).toISOString(), to: new Date(Math.min(to + half, now)).toISOString() };
}

/** What a list shows when its address names no window. */
export const DEFAULT_FROM = '-24h';
