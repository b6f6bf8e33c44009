/** A daily window of local time at a fixed offset from UTC. Named zones change by law and by data files; offsets do not. */
export interface Window {
  /** Minutes after local midnight; `from` inside, `to` outside. `to` below `from` runs over midnight. */
  readonly from: number;
  readonly to: number;
  /** ISO weekdays, 1 Monday to 7 Sunday, of the day on which the window opens. */
  readonly days: ReadonlySet<number>;
  readonly offsetMinutes: number;
}

const DAY = 1_440;

/** `07:30` as minutes after midnight; `24:00` is the end of the day. Null for anything else. */
export function parseClock(text: string): number | null {
  const match = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text);
  if (!match) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return minutes <= DAY ? minutes : null;
}

/** `+02:00`, `-03:30` or `Z` as minutes east of UTC. */
export function parseOffset(text: string): number | null {
  if (text === 'Z') return 0;
  const match = /^([+-])(0[0-9]|1[0-4]):([0-5][0-9])$/.exec(text);
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : null;
}

export function isWithin(window: Window, now: number): boolean {
  const local = new Date(now + window.offsetMinutes * 60_000);
  const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
  const today = local.getUTCDay() || 7;
  if (window.from <= window.to) return minute >= window.from && minute < window.to && window.days.has(today);
  const yesterday = today === 1 ? 7 : today - 1;
  return (minute >= window.from && window.days.has(today)) || (minute < window.to && window.days.has(yesterday));
}
