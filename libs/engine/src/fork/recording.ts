import { canonicalJson, digestOf, type Failure, type Json, type JsonObject, type RunId } from '@writ/kernel';
import type { Proposal } from '../proposal';
import type { ChildEnded, RunEvent, StepIntended, StepKind } from '../events';
import type { Performed } from '../doors';

interface Entry {
  readonly digest: string;
  readonly result: Json;
  readonly failure: Failure | null;
  readonly tokens: number;
}

/** Kinds of steps that go out; control that moves between agents stays inside and is done in earnest. */
const OUTWARD: ReadonlySet<StepKind> = new Set(['model', 'tool', 'data', 'check', 'run', 'agent']);
export const goesOut = (kind: StepKind): boolean => OUTWARD.has(kind);

interface Step {
  readonly kind: StepKind;
  readonly path: string;
  readonly target: string;
}

const placeOf = ({ kind, path, target }: Step): string => `${kind} ${path} ${target}`;

/** What each of several lists gives next. */
class Turns<T> {
  readonly #lists = new Map<string, T[]>();
  readonly #taken = new Map<string, number>();

  add(key: string, one: T): void {
    const list = this.#lists.get(key);
    if (list) list.push(one);
    else this.#lists.set(key, [one]);
  }

  /** The next one, without taking it. */
  next(key: string): T | undefined {
    return this.#lists.get(key)?.[this.#taken.get(key) ?? 0];
  }

  take(key: string): void {
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
  }
}

/**
 * What a run came to after a certain event, to be given back to a fork of it whose effects are stubbed: outcomes of steps,
 * by the place and the question they are the answer to, and what waits and questions to people ended with.
 * A question that was never asked there has no answer here: the step fails as `not_recorded`, and nothing is sent.
 */
export class Recording {
  readonly #outcomes = new Turns<Entry>();
  readonly #children = new Turns<ChildEnded>();
  /** What each place that starts a child run was asked, by the start of the newest one: also of those that began before. */
  readonly #starts = new Map<string, string>();
  readonly #waits = new Turns<Json>();
  readonly #answers = new Turns<Json>();

  /** `users` are the runs that model requests name as theirs: the recorded one, and the one that it was forked from. */
  constructor(
    events: readonly RunEvent[],
    private readonly of: { readonly run: RunId; readonly at: number; readonly users: readonly RunId[] },
  ) {
    const intents = new Map<number, StepIntended>();
    for (const [sequence, event] of events.entries()) {
      if (event.type === 'step_intended') {
        intents.set(event.step, event);
        if (event.kind === 'run') this.#starts.set(placeOf(event), event.args_digest);
      }
      if (sequence > of.at) this.#take(event, intents);
    }
  }

  #take(event: RunEvent, intents: ReadonlyMap<number, StepIntended>): void {
    switch (event.type) {
      case 'step_settled': {
        const { outcome, result = null, failure = null, tokens = 0, final } = event;
        if (final) this.#ended(intents.get(event.step), { result, failure: outcome === 'ok' ? null : failure, tokens });
        return;
      }
      case 'step_reconciled': {
        const { verdict, result = null } = event;
        const failure = verdict === 'abandon' ? ABANDONED : null;
        if (verdict !== 'did_not_happen') this.#ended(intents.get(event.step), { result, failure, tokens: 0 });
        return;
      }
      case 'child_ended':
        return this.#children.add(event.path, event);
      case 'wait_ended':
        return this.#waits.add(event.path, event.output);
      case 'input_answered':
        return this.#answers.add(event.path, event.answer);
      default:
    }
  }

  #ended(intent: StepIntended | undefined, end: Omit<Entry, 'digest'>): void {
    if (intent) this.#outcomes.add(placeOf(intent), { ...end, digest: intent.args_digest });
  }

  /** Steps the fork has had outcomes of already: those are not given twice. */
  skip(events: readonly RunEvent[]): void {
    const intents = new Map<number, StepIntended>();
    for (const event of events) {
      if (event.type === 'step_intended') intents.set(event.step, event);
      const intent = event.type === 'step_settled' && event.final ? intents.get(event.step) : undefined;
      // A child run that was started is counted by its end.
      const counted =
        intent?.stubbed && !(intent.kind === 'run' && event.type === 'step_settled' && event.outcome === 'ok');
      if (counted) this.#outcomes.take(placeOf(intent));
      if (event.type === 'child_ended') this.#children.take(event.path);
      if (event.type === 'wait_ended') this.#waits.take(event.path);
      if (event.type === 'input_answered') this.#answers.take(event.path);
    }
  }

  /** The outcome of a step, as it was. A child run that was started ends where it is waited for. */
  outcome(proposed: Proposal): Performed {
    const started = proposed.kind === 'run' ? this.#starts.get(placeOf(proposed)) : undefined;
    const child = this.#children.next(proposed.path);
    if (started !== undefined && child && this.#asks(proposed, started)) {
      return { outcome: { kind: 'ok', value: { run: child.run } }, tokens: 0 };
    }
    const place = placeOf(proposed);
    const entry = this.#outcomes.next(place);
    const known = entry && this.#asks(proposed, entry.digest) && (proposed.kind !== 'run' || entry.failure !== null);
    if (!known) return { outcome: { kind: 'failed', failure: this.#missing(proposed), landed: 'no' }, tokens: 0 };
    this.#outcomes.take(place);
    const { failure, tokens, result } = entry;
    if (failure) return { outcome: { kind: 'failed', failure, landed: 'no' }, tokens };
    return { outcome: { kind: 'ok', value: result }, tokens };
  }

  /** What the child run that this place starts came to; taken once. */
  ended(path: string): ChildEnded | undefined {
    const child = this.#children.next(path);
    if (child) this.#children.take(path);
    return child;
  }

  /** What the next wait at this place ended with; undefined when none is known. */
  waited(path: string): Json | undefined {
    const output = this.#waits.next(path);
    if (output !== undefined) this.#waits.take(path);
    return output;
  }

  /** What people answered to the question at this place; undefined when they never did. */
  answered(path: string): Json | undefined {
    const answer = this.#answers.next(path);
    if (answer !== undefined) this.#answers.take(path);
    return answer;
  }

  /** Whether this is what was asked. A model's request names its run, which is another one here. */
  #asks({ kind, args, argsDigest }: Proposal, digest: string): boolean {
    if (argsDigest === digest) return true;
    if (kind !== 'model' && kind !== 'check') return false;
    return this.of.users.some((user) => digestOf(canonicalJson({ ...args, user } as JsonObject)) === digest);
  }

  #missing({ kind, target, path }: Proposal): Failure {
    return {
      code: 'not_recorded',
      class: 'permanent',
      message: `${this.of.run} has no outcome of this ${kind} step (${target}) at ${path || 'the workflow'}, and nothing is sent`,
      next: 'Fork it with live effects to have the step done.',
      details: { run: this.of.run, target, path },
    };
  }
}

const ABANDONED: Failure = {
  code: 'abandoned',
  class: 'unknown',
  message: 'its outcome was lost and the step was abandoned',
};
