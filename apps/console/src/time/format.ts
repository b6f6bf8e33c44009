export type Zone = 'local' | 'utc';

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** The parts of a moment in a zone, so that every place writes times the same way, whatever the browser's language. */
function parts(at: number, zone: Zone) {
  const time = new Date(at);
  if (zone === 'utc') {
    return {
      date: `${time.getUTCFullYear()}-${pad(time.getUTCMonth() + 1)}-${pad(time.getUTCDate())}`,
      clock: `${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}:${pad(time.getUTCSeconds())}`,
      ms: pad(time.getUTCMilliseconds(), 3),
    };
  }
  return {
    date: `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`,
    clock: `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`,
    ms: pad(time.getMilliseconds(), 3),
  };
}

/** `2026-11-22 09:31:00.120`; without the milliseconds unless they are asked for. */
export function stamp(at: number, zone: Zone, withMs = false): string {
  const { date, clock, ms } = parts(at, zone);
  return `${date} ${clock}${withMs ? `.${ms}` : ''}`;
}

/** Short for a list: the clock today, the date before. */
export function brief(at: number, zone: Zone, now: number): string {
  const here = parts(at, zone);
  return here.date === parts(now, zone).date ? here.clock : `${here.date.slice(5)} ${here.clock.slice(0, 5)}`;
}

export const clock = (at: number, zone: Zone): string => parts(at, zone).clock;

/** How a zone is named beside an axis: `UTC`, or `UTC+02:00`. */
export function zoneName(zone: Zone, at: number = Date.now()): string {
  if (zone === 'utc') return 'UTC';
  const minutes = -new Date(at).getTimezoneOffset();
  const sign = minutes < 0 ? '-' : '+';
  const size = Math.abs(minutes);
  return `UTC${sign}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** A length of time with two significant units at most: `840 ms`, `3.2 s`, `4 m 05 s`, `2 h 14 m`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m ${pad(Math.floor((ms % 60_000) / 1_000))} s`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${pad(Math.floor((ms % 3_600_000) / 60_000))} m`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.floor((ms % 86_400_000) / 3_600_000)} h`;
}

/** Time since a beginning, as fine as a ruler with marks every `stepMs` needs it: `2:14:04`, `1:05.5`, `3.2 s`. */
export function elapsed(ms: number, stepMs: number): string {
  const digits = stepMs >= 1_000 ? 0 : stepMs >= 100 ? 1 : 3;
  if (ms < 60_000) return ms < 1_000 && digits === 3 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(digits)} s`;
  const seconds = ((ms % 60_000) / 1_000).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  const minutes = Math.floor(ms / 60_000) % 60;
  const hours = Math.floor(ms / 3_600_000);
  return hours > 0 ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

export function ago(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < 5_000) return 'just now';
  return ms < 0 ? `in ${duration(-ms)}` : `${duration(ms)} ago`;
}

const GROUPED = new Intl.NumberFormat('en-US');

export const count = (value: number): string => GROUPED.format(value);

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
