import { guarding } from '@writ/policy';
import type { RunStatus } from '@writ/words';
import type {
  BranchEnded,
  BranchesJoined,
  ContentChecked,
  NodeFailed,
  RouteChoice,
  RunEvent,
  RunFailed,
  RunForked,
  RunStarted,
  StepReconciled,
  StepSettled,
  WaitFor,
  WaitStarted,
} from '../events';
import { branchKey, branchPath } from '../path';
import { factsOf } from '../search/run-facts';
import { Lanes } from './lanes';
import { type Deciding, StepTrack } from './step-track';
import type { Mark, Segment, SegmentKind, StepDecision, Timeline, TimelineHandoff } from './types';

export interface TimelineInput {
  readonly run: string;
  readonly status: RunStatus;
  readonly events: readonly RunEvent[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * A run over time, from its journal alone. Pure: the same events give the same timeline, whatever became of the run since.
 * Times follow the order of the journal: a worker whose clock is behind that of the one before it does not turn time back.
 */
export function timelineOf({ run, status, events, now }: TimelineInput): Timeline {
  const [first] = events;
  if (first?.type !== 'run_started') throw new Error('a journal begins with run_started');
  const shown = asOneCourse(first, events);
  const reader = new Reader(shown[0] as RunStarted);
  for (const [sequence, event] of shown.entries()) reader.take(event, sequence);
  return reader.timeline({ run, status, now, events });
}

/** The past a forked run took over, moved up to where it goes on from there: days may lie between the two. */
function asOneCourse(first: RunStarted, events: readonly RunEvent[]): readonly RunEvent[] {
  const end = events.findLastIndex(({ type }) => type === 'run_forked');
  if (end < 0 || !first.fork) return events;
  const shift = (events[end] as RunForked).shift_ms;
  const past = events.slice(1, end).map((event) => ({ ...event, at: event.at + shift }));
  return [{ ...first, at: first.fork.began_at + shift }, ...past, ...events.slice(end)];
}

const WAITS: { readonly [F in WaitFor['for']]: SegmentKind } = {
  signal: 'waiting_external',
  child: 'waiting_external',
  message: 'waiting_external',
  pause: 'paused',
  stop: 'paused',
  budget: 'paused',
  approval: 'waiting_approval',
  input: 'waiting_input',
  reconciliation: 'waiting_reconciliation',
  rate: 'throttled',
  retry: 'retry',
};

const routed = ({ router, route, because, scores: [best] }: RouteChoice): string =>
  `${router} said ${route ?? `nothing certain (${(because ?? '').replaceAll('_', ' ')})`}${best ? `; ${best.route} fits best, ${best.score}` : ''}`;

const RULES: { readonly [R in NodeFailed['rule']]: string } = {
  skip: 'failed and was skipped',
  fallback: 'failed, and its fallback runs',
  compensate: 'failed, and what was done before it is undone',
  fail: 'failed',
};

const CHECKED: { readonly [O in Exclude<ContentChecked['checks'][number]['outcome'], 'passed'>]: string } = {
  fired: 'stands against',
  redacted: 'took something out of',
  failed: 'could not look at',
};

const toUndo = (calls: RunFailed['to_undo'] = []): string =>
  calls.length === 0
    ? ''
    : `; what it did can be undone: ${calls.map(({ path, tool }) => `${path} by ${tool}`).join(', ')}`;

const count = (keys: readonly string[], one: string): string =>
  `${keys.length} ${one}${keys.length === 1 ? '' : one.endsWith('ch') ? 'es' : 's'}`;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class Reader {
  readonly #segments: Writable<Segment>[] = [];
  readonly #lanes = new Lanes();
  readonly #steps: StepTrack[] = [];
  /** Steps that may still change, by number. */
  readonly #open = new Map<number, StepTrack>();
  readonly #handoffs = new Map<StepTrack, Writable<TimelineHandoff>>();
  readonly #marks: Mark[] = [];
  #at = 0;
  #sequence = 0;
  #over = false;

  constructor(private readonly started: RunStarted) {}

  take(event: RunEvent, sequence: number): void {
    this.#sequence = sequence;
    this.#at = Math.max(this.#at, event.at - this.started.at);
    switch (event.type) {
      case 'run_started':
        this.#enter('queued');
        return this.#mark(
          'started',
          `${event.caller} started it${event.caller === event.initiator.id ? '' : ` for ${event.initiator.id}`}`,
        );
      case 'run_resumed':
        return this.#resumed(event.worker);
      case 'step_intended':
        return this.#intended(this.#stepOf(event), event);
      case 'step_settled':
        return this.#settled(event);
      case 'step_denied':
        return this.#denied(this.#stepOf(event), event);
      case 'step_asked':
        return this.#asked(this.#stepOf(event), event);
      case 'step_unknown':
        return this.#unknown(event.step, event.reason);
      case 'step_reconciled':
        return this.#reconciled(event);
      case 'retry_scheduled':
        return this.#enter('retry');
      case 'wait_started':
        return this.#waits(event);
      case 'wait_ended':
        return this.#enter('running');
      case 'signal_received':
        return this.#mark('signal', `${event.by} sent ${event.name}`);
      case 'input_answered':
        this.#mark('input', `${event.by} answered the question of ${event.path || 'the workflow'}`);
        return this.#enter('running');
      case 'note_received':
        return this.#mark('note', `${event.by} noted: ${event.text}`);
      case 'approval_answered':
        return this.#mark(
          'approval',
          `${event.by} ${event.verdict} ${event.approval}${event.edited ? ', edited' : ''}`,
        );
      case 'approval_ended':
        return this.#mark('approval', `${event.approval} was withdrawn: ${event.reason.replaceAll('_', ' ')}`);
      case 'cancel_requested':
        return this.#mark('cancel', `${event.by} asked it to end: ${event.reason}`);
      case 'pause_requested':
        return this.#mark('paused', `${event.by} held it: ${event.reason}`);
      case 'resume_requested':
        return this.#mark('resumed', `${event.by} let it go on: ${event.reason}`);
      case 'run_redriven':
        return this.#mark('resumed', `${event.by} took it out of quarantine: ${event.reason}`);
      case 'upgrade_requested':
        return this.#mark('plan', `${event.by} asked for version ${event.version} of its workflow: ${event.reason}`);
      case 'upgrade_settled':
        return this.#mark(
          'plan',
          event.moved ? 'it goes on by the versions asked for' : `it stays with its versions: ${event.because ?? ''}`,
        );
      case 'run_forked':
        return this.#mark('started', `up to here its past is that of ${event.run}`);
      case 'child_told':
        return this.#mark('child', `the run ${event.run} was told to end: ${event.reason}`);
      case 'child_ended':
        return this.#mark('child', `the run ${event.run} ended: ${event.status}`);
      case 'call_rejected':
        return this.#mark('rejected_call', `a call that could not be made: ${event.code}`);
      case 'content_checked':
        return this.#checked(event);
      case 'work_returned':
        this.#lanes.leave(event.branch, this.#at);
        return this.#mark('work', `work came back to ${event.path || 'the workflow'} (${event.outcome})`);
      case 'ledger_updated':
        return this.#mark('plan', `version ${event.ledger.version} of the plan: ${event.ledger.reason}`);
      case 'route_chosen':
        return this.#mark('route', routed(event.choice));
      case 'answer_taken':
      case 'relay_asked':
        return;
      case 'answer_returned':
        return this.#mark('answer', `an answer was returned: ${event.message}`);
      case 'node_failed':
        return this.#mark('skipped', `${event.path || 'the workflow'} ${RULES[event.rule]}: ${event.failure.message}`);
      case 'branches_opened':
        return this.#mark(
          'branches',
          `${event.path || 'the workflow'} runs ${count(event.keys, 'branch')} side by side`,
        );
      case 'branch_started':
        return;
      case 'branch_ended':
        return this.#branchEnded(event);
      case 'branches_joined':
        return this.#joined(event);
      case 'run_finished':
        return this.#ended('succeeded');
      case 'run_failed':
        return this.#ended(`${event.status}: ${event.failure.message}${toUndo(event.to_undo)}`);
      case 'run_cancelled':
        return this.#ended(`cancelled by ${event.by}: ${event.reason}`);
    }
  }

  timeline({ run, status, now, events }: TimelineInput): Timeline {
    const steps = this.#steps.map((step) => step.view());
    return {
      run,
      workflow: this.started.workflow,
      status,
      from: new Date(this.started.at).toISOString(),
      to_ms: this.#over ? this.#at : null,
      as_of_ms: Math.max(this.#at, now - this.started.at),
      next_seq: events.length,
      lanes: this.#lanes.view(),
      segments: this.#segments,
      steps,
      handoffs: [...this.#handoffs.values()],
      start: { ...this.#decision(this.started.decision, 'allow'), sequence: 0, at_ms: 0 },
      marks: this.#marks,
      usage: factsOf(events).usage,
      problems: steps.flatMap(({ state }, i) =>
        ['denied', 'error', 'unknown', 'abandoned'].includes(state) ? [i] : [],
      ),
    };
  }

  /** The run does something else from here on. Stretches of no length are left out, and one kind is one stretch. */
  #enter(kind: SegmentKind): void {
    const last = this.#segments.at(-1);
    if (last?.kind === kind) return;
    if (last) last.to_ms = this.#at;
    if (last && last.to_ms === last.from_ms) this.#segments.pop();
    const before = this.#segments.at(-1);
    if (before?.kind === kind) before.to_ms = null;
    else this.#segments.push({ kind, from_ms: this.#at, to_ms: null });
  }

  #mark(kind: Mark['kind'], text: string): void {
    this.#marks.push({ sequence: this.#sequence, at_ms: this.#at, kind, text });
  }

  #decision(decision: Deciding['decision'], verdict: StepDecision['verdict']): StepDecision {
    const obligations = decision.obligations.map(({ id }) => id);
    return {
      id: decision.id,
      sequence: this.#sequence,
      at_ms: this.#at,
      verdict,
      reason: decision.reason,
      ...(obligations.length > 0 && { obligations }),
    };
  }

  /**
   * The step an event is about. An act that waited is decided again, and a read that the decision needs may meanwhile have
   * taken its number: then it goes on under another one.
   */
  #stepOf(event: Deciding): StepTrack {
    const lane = this.#lanes.enter(event.path, event.agent, this.#at);
    const known = this.#open.get(event.step);
    if (known?.isAbout(event)) return known;
    const waiting = [...this.#open.values()].find((step) => step.state === 'waiting' && step.isAbout(event));
    const step = waiting ?? new StepTrack(event, { sequence: this.#sequence, lane, at: this.#at });
    if (waiting) {
      for (const [number, one] of this.#open) if (one === waiting) this.#open.delete(number);
      waiting.step = event.step;
    } else {
      this.#steps.push(step);
    }
    // What stood under this number waits on without one, until it comes back.
    if (known?.state === 'waiting') this.#open.set(-1 - known.step, known);
    this.#open.set(event.step, step);
    return step;
  }

  #intended(step: StepTrack, event: Deciding & { type: 'step_intended' }): void {
    if (step.calling) step.close(this.#at, 'lost');
    step.decided(this.#decision(event.decision, 'allow'));
    step.open(event.kind, this.#at, event.attempt);
    step.stands('running');
    this.#enter(event.kind);
    if (event.kind === 'handoff') this.#handoff(step, 'running');
  }

  #settled(event: StepSettled): void {
    const step = this.#open.get(event.step);
    if (!step) throw new Error(`step ${event.step} was settled and never began`);
    step.charged(event.tokens ?? 0);
    step.close(this.#at, event.outcome);
    const detail = event.failure?.message;
    if (!event.final) {
      step.stands('retrying', detail);
      step.open('retry', this.#at);
      return this.#enter('retry');
    }
    step.ended(this.#at, event.outcome, detail);
    this.#open.delete(event.step);
    this.#enter('running');
    const handoff = this.#handoffs.get(step);
    if (!handoff) return;
    handoff.state = event.outcome === 'ok' ? 'made' : 'failed';
    if (event.outcome === 'ok') handoff.to_lane = this.#lanes.enter(step.path, step.target, this.#at);
  }

  #denied(step: StepTrack, event: Deciding): void {
    step.decided(this.#decision(event.decision, 'deny'));
    step.ended(this.#at, 'denied', event.decision.reason);
    this.#open.delete(event.step);
    if (event.kind === 'handoff') this.#handoff(step, 'denied');
    this.#enter('running');
  }

  #asked(step: StepTrack, event: Deciding): void {
    const stopped = event.decision.reason === 'stopped';
    step.decided(this.#decision(event.decision, stopped ? 'deny' : 'ask'));
    step.close(this.#at);
    step.stands('waiting', event.decision.reason);
    if (event.kind === 'handoff') this.#handoff(step, 'asked');
  }

  /** Guardrails that let content pass as it was are not worth a mark: that is what they mostly do. */
  #checked({ boundary, agent, checks }: ContentChecked): void {
    for (const { guardrail, outcome, what } of checks) {
      if (outcome === 'passed') continue;
      const whose = `${agent ?? 'the workflow'}'s ${boundary}`;
      this.#mark('guardrail', `${guardrail} ${CHECKED[outcome]} ${whose} (${guarding.foundWords(what)})`);
    }
  }

  #handoff(step: StepTrack, state: TimelineHandoff['state']): void {
    const known = this.#handoffs.get(step);
    if (known) {
      known.state = state;
      known.step = step.step;
      return;
    }
    const { lane: from_lane, target: to_agent } = step;
    this.#handoffs.set(step, {
      sequence: this.#sequence,
      at_ms: this.#at,
      step: step.step,
      from_lane,
      to_lane: null,
      to_agent,
      state,
    });
  }

  #unknown(number: number, reason: string): void {
    const step = this.#open.get(number);
    step?.close(this.#at, 'lost');
    step?.stands('unknown', reason);
    this.#enter('running');
  }

  #reconciled({ step: number, verdict, by, note }: StepReconciled): void {
    const step = this.#open.get(number);
    this.#mark('reconciled', `${by} said of step ${number}: ${verdict.replaceAll('_', ' ')} (${note})`);
    this.#enter('running');
    if (!step) return;
    step.close(this.#at);
    if (verdict === 'did_not_happen') return step.stands('retrying', note);
    step.ended(this.#at, verdict === 'happened' ? 'ok' : 'abandoned', note);
    this.#open.delete(number);
  }

  #waits({ wait, branch = '' }: WaitStarted): void {
    const kind = wait.for === 'signal' && wait.signal === null ? 'waiting_time' : WAITS[wait.for];
    // A branch that waits does not make the run wait while another one calls.
    if (![...this.#open.values()].some((step) => step.calling)) this.#enter(kind);
    if (wait.for === 'signal' || wait.for === 'input' || wait.for === 'message')
      return this.#lanes.leave(branch, this.#at);
    if ('step' in wait) this.#open.get(wait.step)?.open(kind, this.#at);
  }

  #branchEnded({ path, outcome, failure }: BranchEnded): void {
    this.#lanes.leave(path, this.#at);
    if (outcome !== 'ok') this.#mark('branches', `branch ${branchKey(path).key} ${failure?.message ?? outcome}`);
  }

  #joined({ path, merged, cancelled, failure }: BranchesJoined): void {
    for (const key of cancelled) this.#lanes.leave(branchPath(path, key), this.#at);
    const rest = cancelled.length === 0 ? '' : `, ${cancelled.length} cancelled`;
    const what = failure
      ? `did not come together: ${failure.message}`
      : `came together, ${merged.length} merged${rest}`;
    this.#mark('branches', `${path || 'the branches'} ${what}`);
  }

  #resumed(worker: string): void {
    this.#mark('taken_over', `${worker} took it over from a worker that was gone`);
    for (const step of this.#open.values()) if (step.calling) step.close(this.#at, 'lost');
    if (!['waiting_external', 'waiting_time'].includes(this.#segments.at(-1)?.kind ?? '')) this.#enter('running');
  }

  #ended(text: string): void {
    this.#mark('ended', text);
    const last = this.#segments.at(-1);
    if (last) last.to_ms = this.#at;
    if (last && this.#segments.length > 1 && last.to_ms === last.from_ms) this.#segments.pop();
    for (const step of this.#steps) step.cutOff(this.#at);
    this.#lanes.leaveAll(this.#at);
    this.#over = true;
  }
}
