import { parseExpression } from 'cron-parser';
import { ok, refuse, type Result } from '@writ/kernel';
import type { MissedRule } from '@writ/words';

export interface Schedule {
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first. */
  readonly cron: string;
  /** An IANA name, such as `Europe/Berlin`: times are those of clocks there, over changes of summer time too. */
  readonly timeZone: string;
  readonly missed: MissedRule;
}

/** A time is missed once it is this old: what a sweep, a restart or a slow start delays by less is on time. */
export const LATE_MS = 60_000;
/** Firings of one look; a schedule that is further behind goes on with the next. */
export const MAX_AT_ONCE = 100;

/** What of a schedule is to be fired now, in epoch milliseconds, oldest first. */
export interface DueTimes {
  readonly fire: readonly number[];
  /** The first and last time that passed and will not be fired. */
  readonly missed: { readonly from: number; readonly to: number } | null;
  /** When to look again; null for never. */
  readonly next: number | null;
}

/** Refuses what is no schedule, or one that never comes. */
export function checkSchedule(schedule: Pick<Schedule, 'cron' | 'timeZone'>, now: number): Result<number> {
  const wrong = (member: string, message: string) =>
    refuse({
      code: 'schema_violation',
      class: 'permanent' as const,
      message,
      details: { [`/schedule/${member}`]: message },
    });
  if (!knownZone(schedule.timeZone)) return wrong('time_zone', `there is no time zone ${schedule.timeZone}`);
  const fields = schedule.cron.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6)
    return wrong('cron', `a schedule has five fields, or six with seconds, not ${fields}`);
  try {
    const next = nextAfter(schedule, now);
    return next === null ? wrong('cron', 'the schedule never comes') : ok(next);
  } catch (error) {
    return wrong('cron', error instanceof Error ? error.message : String(error));
  }
}

function knownZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const expression = ({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>, from: number) =>
  parseExpression(cron, { currentDate: new Date(from), tz: timeZone });

/** The first time after `from`, or null when there is none. Throws for what is no schedule. */
export const nextAfter = (schedule: Pick<Schedule, 'cron' | 'timeZone'>, from: number): number | null =>
  timeOf(expression(schedule, from), 'next');

/** The iterator tells the end of its times by throwing; asking it beforehand spoils its account of summer time. */
function timeOf(times: ReturnType<typeof expression>, which: 'next' | 'prev'): number | null {
  try {
    return times[which]().getTime();
  } catch {
    return null;
  }
}

/**
 * What is to be done at `now` with a schedule whose first time not dealt with is `due`. Pure: the same times give the
 * same firings, whichever process asks and however often.
 */
export function dueTimes(schedule: Schedule, { due, now }: { readonly due: number; readonly now: number }): DueTimes {
  if (due > now) return { fire: [], missed: null, next: due };
  const horizon = now - LATE_MS;
  const first = schedule.missed === 'all' || due >= horizon ? due : firstToFire(schedule, { due, now, horizon });
  const fire: number[] = [];
  let next: number | null = first;
  for (; next !== null && next <= now && fire.length < MAX_AT_ONCE; next = nextAfter(schedule, next)) fire.push(next);
  if (first === due) return { fire, missed: null, next };
  const last = first === null ? now : first - 1;
  return { fire, missed: { from: due, to: lastBefore(schedule, last + 1) ?? due }, next };
}

/** Past what was missed: the latest missed time for `once`, the first that is on time for `skip`. */
function firstToFire(
  schedule: Schedule,
  { due, now, horizon }: { readonly due: number; readonly now: number; readonly horizon: number },
): number | null {
  const onTime = nextAfter(schedule, horizon - 1);
  if (schedule.missed === 'skip') return onTime;
  const latest = lastBefore(schedule, onTime !== null && onTime <= now ? onTime : horizon);
  return latest === null || latest < due ? due : latest;
}

const lastBefore = (schedule: Schedule, before: number): number | null => timeOf(expression(schedule, before), 'prev');
