import type { StopReports } from '@writ/engine';
import type { StopRecord } from '@writ/policy';
import type { AnswerOf } from '../frame/call';

type StopReport = NonNullable<Awaited<ReturnType<StopReports['report']>>>;

const timeOf = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));

export function stopView(stop: StopRecord): AnswerOf<'setStop'> {
  return {
    id: stop.id,
    scope: stop.scope,
    target: stop.target === '' ? null : stop.target,
    mode: stop.mode,
    per_minute: stop.perMinute,
    two_persons: stop.twoPersons,
    reason: stop.reason,
    set_by: stop.setBy,
    set_at: timeOf(stop.setAt),
    asked_by: stop.askedBy,
    released_by: stop.releasedBy,
    released_at: timeOrNull(stop.releasedAt),
  };
}

export const stepView = (step: StopReport['residue'][number]): AnswerOf<'previewStop'>['steps'][number] => ({
  run: step.run,
  workflow: step.workflow,
  step: step.step,
  attempt: step.attempt,
  path: step.path,
  kind: step.kind,
  agent: step.agent,
  target: step.target,
  effect: step.effect,
  intended_at: timeOf(step.intendedAt),
  fate: step.fate,
  fate_at: timeOrNull(step.fateAt),
});

export const reportView = (report: StopReport): AnswerOf<'getStop'> => ({
  stop: stopView(report.stop),
  acks: report.acks.map(({ instance, kind, at, afterMs }) => ({
    instance,
    kind,
    at: timeOrNull(at),
    after_ms: afterMs,
  })),
  time_to_stop: report.timeToStop,
  residue: report.residue.map(stepView),
  ended: report.ended.map(({ run, workflow, finishedAt, toUndo, left }) => ({
    run,
    workflow,
    finished_at: timeOf(finishedAt),
    to_undo: toUndo,
    left,
  })),
});
