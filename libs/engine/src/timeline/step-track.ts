import type { StepAsked, StepDenied, StepIntended, StepKind } from '../events';
import type { Segment, SegmentKind, StepDecision, StepStanding, TimelineStep } from './types';

/** The events a step begins, or is decided, with. */
export type Deciding = StepIntended | StepDenied | StepAsked;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** One step while the journal is read: its segments are opened and closed in order. */
export class StepTrack {
  readonly kind: StepKind;
  readonly target: string;
  readonly path: string;
  step: number;
  state: StepStanding = 'waiting';
  #detail: string | undefined;
  #to: number | null = null;
  #attempts = 0;
  #tokens = 0;
  readonly #decisions: StepDecision[] = [];
  readonly #segments: Writable<Segment>[] = [];

  constructor(
    event: Deciding,
    private readonly begun: { readonly sequence: number; readonly lane: number; readonly at: number },
  ) {
    ({ kind: this.kind, target: this.target, path: this.path, step: this.step } = event);
  }

  get lane(): number {
    return this.begun.lane;
  }

  /** Whether an event is about the same act: one that had to wait may come back under another number. */
  isAbout(event: Deciding): boolean {
    return event.kind === this.kind && event.target === this.target && event.path === this.path;
  }

  decided(decision: StepDecision): void {
    this.#decisions.push(decision);
  }

  open(kind: SegmentKind, at: number, attempt?: number): void {
    const last = this.#segments.at(-1);
    if (last?.kind === kind && last.to_ms === null && attempt === undefined) return;
    this.close(at);
    this.#to = null;
    this.#segments.push({ kind, from_ms: at, to_ms: null, ...(attempt !== undefined && { attempt }) });
    if (attempt !== undefined) this.#attempts = Math.max(this.#attempts, attempt);
  }

  /** Ends what is open, if anything is. A call that is ended by something else than its outcome has none. */
  close(at: number, outcome?: 'ok' | 'error' | 'lost'): void {
    const last = this.#segments.at(-1);
    if (!last || last.to_ms !== null) return;
    last.to_ms = at;
    if (outcome !== undefined) last.outcome = outcome;
  }

  /** Whether a call is out. */
  get calling(): boolean {
    const last = this.#segments.at(-1);
    return last !== undefined && last.to_ms === null && last.attempt !== undefined;
  }

  charged(tokens: number): void {
    this.#tokens += tokens;
  }

  stands(state: StepStanding, detail?: string): void {
    this.state = state;
    this.#detail = detail;
  }

  /** Over for good. */
  ended(at: number, state: StepStanding, detail?: string): void {
    this.close(at);
    this.#to = at;
    this.stands(state, detail);
  }

  /** Still under way when the run ended: nothing more will come of it. */
  cutOff(at: number): void {
    if (this.#to !== null) return;
    this.ended(at, 'abandoned', this.#detail ?? 'the run ended before it did');
  }

  view(): TimelineStep {
    return {
      step: this.step,
      sequence: this.begun.sequence,
      lane: this.begun.lane,
      path: this.path,
      kind: this.kind,
      target: this.target,
      state: this.state,
      ...(this.#detail !== undefined && { detail: this.#detail }),
      from_ms: this.begun.at,
      to_ms: this.#to,
      attempts: this.#attempts,
      tokens: this.#tokens,
      decisions: this.#decisions,
      segments: this.#segments,
    };
  }
}
