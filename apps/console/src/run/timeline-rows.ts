import type { ResponseOf } from '@writ/contract';

export type Timeline = ResponseOf<'getRunTimeline'>;
export type Step = Timeline['steps'][number];
export type Segment = Step['segments'][number];
export type SegmentKind = Segment['kind'];
export type StepDecision = Step['decisions'][number];

/** One line of the timeline: the run, an agent, a step, or one part of a step. `id` is stable while the run goes on. */
export type Row =
  | { readonly kind: 'run'; readonly id: 'run'; readonly level: 1; readonly open: true }
  | {
      readonly kind: 'lane';
      readonly id: string;
      readonly level: 2;
      readonly lane: number;
      readonly steps: number;
      readonly open: boolean;
    }
  | {
      readonly kind: 'step';
      readonly id: string;
      readonly level: 2 | 3;
      readonly step: Step;
      /** Null when it has no parts worth a line of their own. */
      readonly open: boolean | null;
    }
  | {
      readonly kind: 'part';
      readonly id: string;
      readonly level: 3 | 4;
      readonly step: Step;
      readonly segment: Segment;
    };

export interface RowOptions {
  readonly group: 'tree' | 'time';
  /** Ids of lanes that are closed and of steps that are open: what differs from how a timeline begins. */
  readonly flipped: ReadonlySet<string>;
}

const stepId = (step: Step): string => `s${step.step}`;

/** The lines in the order they are read: by agent, or by time alone. */
export function timelineRows(timeline: Timeline, { group, flipped }: RowOptions): readonly Row[] {
  const rows: Row[] = [{ kind: 'run', id: 'run', level: 1, open: true }];
  if (group === 'time' || timeline.lanes.length === 0) {
    for (const step of timeline.steps) addStep(rows, step, { level: 2, flipped });
    return rows;
  }
  const byLane = new Map<number, Step[]>();
  for (const step of timeline.steps) {
    const own = byLane.get(step.lane);
    if (own) own.push(step);
    else byLane.set(step.lane, [step]);
  }
  for (const lane of timeline.lanes.keys()) {
    const steps = byLane.get(lane) ?? [];
    const id = `l${lane}`;
    const open = !flipped.has(id);
    rows.push({ kind: 'lane', id, level: 2, lane, steps: steps.length, open });
    if (open) for (const step of steps) addStep(rows, step, { level: 3, flipped });
  }
  return rows;
}

interface Place {
  readonly level: 2 | 3;
  readonly flipped: ReadonlySet<string>;
}

function addStep(rows: Row[], step: Step, { level, flipped }: Place): void {
  const id = stepId(step);
  const open = step.segments.length > 1 ? flipped.has(id) : null;
  rows.push({ kind: 'step', id, level, step, open });
  if (!open) return;
  for (const [index, segment] of step.segments.entries()) {
    rows.push({ kind: 'part', id: `${id}.${index}`, level: level === 2 ? 3 : 4, step, segment });
  }
}

/** The line a line hangs under. */
export function parentOf(rows: readonly Row[], index: number): number {
  const level = rows[index]?.level ?? 1;
  for (let i = index - 1; i >= 0; i--) if ((rows[i]?.level ?? 0) < level) return i;
  return 0;
}

/** Stretches of the whole run in which it did nothing but wait. */
export function idleStretches(
  timeline: Timeline,
  asOf: number,
): readonly { readonly from: number; readonly to: number }[] {
  const idle: { from: number; to: number }[] = [];
  for (const segment of timeline.segments) {
    if (!isIdle(segment.kind)) continue;
    const stretch = { from: segment.from_ms, to: segment.to_ms ?? asOf };
    const last = idle.at(-1);
    if (last && last.to === stretch.from) last.to = stretch.to;
    else idle.push(stretch);
  }
  return idle;
}

const isIdle = (kind: SegmentKind): boolean =>
  kind.startsWith('waiting_') || kind === 'paused' || kind === 'queued' || kind === 'retry' || kind === 'throttled';

/** What a step was asked and refused on the way: the glyphs on its bar. A plain allow needs none. */
export type Glyph =
  | { readonly kind: 'deny' | 'ask' | 'obligation'; readonly at: number; readonly decision: StepDecision }
  | { readonly kind: 'handoff'; readonly at: number; readonly to: string };

export function glyphsOf(step: Step, timeline: Timeline): readonly Glyph[] {
  const glyphs: Glyph[] = [];
  for (const decision of step.decisions) {
    if (decision.verdict !== 'allow') glyphs.push({ kind: decision.verdict, at: decision.at_ms, decision });
    else if ((decision.obligations?.length ?? 0) > 0) glyphs.push({ kind: 'obligation', at: decision.at_ms, decision });
  }
  if (step.kind === 'handoff') {
    const made = timeline.handoffs.find((handoff) => handoff.step === step.step && handoff.state === 'made');
    if (made) glyphs.push({ kind: 'handoff', at: made.at_ms, to: made.to_agent });
  }
  return glyphs;
}
