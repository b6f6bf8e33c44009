import type { ResponseOf } from '@writ/contract';
import { duration } from '../time/format';
import { SEGMENT } from './words';
import type { Timeline } from './timeline-rows';

type Run = ResponseOf<'getRun'>;

/** Why a run stands as it does, in words. `run` comes after the timeline; `now` is epoch milliseconds. */
export function reasonOf(run: Run | null, timeline: Timeline, now: number): string {
  const problem = timeline.steps[timeline.problems.at(-1) ?? -1];
  const about = problem ? `at step ${problem.step}, ${problem.target}` : '';
  const { status } = timeline;
  switch (status) {
    case 'succeeded':
      return 'Ended well.';
    case 'running':
    case 'queued':
      return nowDoing(timeline, now);
    case 'denied':
      return `Refused ${about}${problem?.detail ? `: ${problem.detail}` : ''}.`;
    case 'cancelled':
      return run?.failure ? `Cancelled: ${run.failure.message}` : 'Cancelled.';
    case 'failed':
    case 'timed_out':
    case 'stopped':
    case 'quarantined':
      return `${run?.failure?.message ?? 'It went no further'}${about === '' ? '' : ` (${about})`}`;
    case 'waiting_approval':
    case 'waiting_input':
    case 'waiting_external':
    case 'waiting_reconciliation':
    case 'paused':
      return waitingFor(run, timeline, now);
  }
}

function nowDoing(timeline: Timeline, now: number): string {
  const step = timeline.steps.findLast((one) => one.to_ms === null);
  if (!step) return 'Between two steps.';
  return `Step ${step.step}, ${step.target}, for ${duration(now - Date.parse(timeline.from) - step.from_ms)}.`;
}

function waitingFor(run: Run | null, timeline: Timeline, now: number): string {
  const segment = timeline.segments.at(-1);
  const since = segment ? ` for ${duration(now - Date.parse(timeline.from) - segment.from_ms)}` : '';
  const what = segment ? SEGMENT[segment.kind].word : 'Waiting';
  const on = waitTarget(run?.wait ?? null);
  return `${what}${since}${on === '' ? '' : `: ${on}`}.`;
}

function waitTarget(wait: Run['wait']): string {
  const { target, signal, step } = wait ?? {};
  if (typeof target === 'string') return `${target}${typeof step === 'number' ? `, step ${step}` : ''}`;
  if (typeof signal === 'string') return `signal ${signal}`;
  return typeof step === 'number' ? `step ${step}` : '';
}
