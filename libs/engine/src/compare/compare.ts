import { canonicalJson, digestOf, type Json, type RunId } from '@writ/kernel';
import type { RunStatus } from '@writ/words';
import type { Pinned, RunEvent, StepAsked, StepDenied, StepIntended, StepKind } from '../events';
import { sound } from '../run-defect';
import { fold } from '../fold';
import { factsOf, type Usage } from '../search/run-facts';

/** How one step went in one of the runs. */
export interface ComparedSide {
  readonly step: number;
  readonly sequence: number;
  readonly attempts: number;
  readonly outcome: 'ok' | 'error' | 'denied' | 'asked' | 'open';
  /** Of the decision, or of the failure. */
  readonly reason: string;
  readonly tokens: number;
  /** It was given back what another run came to; nothing was sent. */
  readonly stubbed: boolean;
  /** It stands in the past that the run took over from the one it was forked from. */
  readonly inherited: boolean;
}

export type Difference = 'target' | 'arguments' | 'outcome' | 'result';

export interface ComparedStep {
  readonly path: string;
  readonly kind: StepKind;
  readonly target: string;
  readonly a: ComparedSide | null;
  readonly b: ComparedSide | null;
  /** In what they differ; empty where they do not, or where only one run has the step. */
  readonly differs: readonly Difference[];
}

export interface ComparedRun {
  readonly id: RunId;
  readonly workflow: string;
  readonly status: RunStatus;
  readonly output: Json;
  readonly usage: Usage;
  readonly fork: { readonly run: RunId; readonly at: number; readonly effects: 'stubbed' | 'live' } | null;
}

export interface Comparison {
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  readonly same_input: boolean;
  readonly same_output: boolean;
  /** What the two runs are pinned to in different versions; null where one of them does not have it. */
  readonly definitions: readonly {
    readonly kind: string;
    readonly name: string;
    readonly a: string | null;
    readonly b: string | null;
  }[];
  readonly steps: readonly ComparedStep[];
  /** Index of the first step in which they are not the same; null when there is none. */
  readonly first_difference: number | null;
}

type Acting = StepIntended | StepDenied | StepAsked;

interface Collected {
  readonly key: string;
  readonly path: string;
  readonly kind: StepKind;
  target: string;
  args: string | null;
  result: string | null;
  side: { -readonly [K in keyof ComparedSide]: ComparedSide[K] };
}

/** Two runs, step by step, matched by place and turn. Pure over their journals. */
export function compareRuns(
  a: { readonly run: RunId; readonly events: readonly RunEvent[] },
  b: { readonly run: RunId; readonly events: readonly RunEvent[] },
): Comparison {
  const [first, second] = [summary(a), summary(b)];
  const steps = matched(collect(a.events), collect(b.events));
  const differing = steps.findIndex((step) => step.a === null || step.b === null || step.differs.length > 0);
  return {
    a: first.shown,
    b: second.shown,
    same_input: same(first.started.input, second.started.input),
    same_output: same(first.shown.output, second.shown.output),
    definitions: definitions(first.pinned, second.pinned),
    steps,
    first_difference: differing < 0 ? null : differing,
  };
}

const same = (one: Json, other: Json): boolean => canonicalJson(one) === canonicalJson(other);

function summary({ run, events }: { readonly run: RunId; readonly events: readonly RunEvent[] }) {
  const { started, pinned, status, output } = sound('journal_broken', () => fold(events));
  const { fork, workflow } = started;
  const shown: ComparedRun = {
    id: run,
    workflow,
    status,
    output,
    usage: factsOf(events).usage,
    fork: fork ? { run: fork.run, at: fork.at, effects: fork.effects } : null,
  };
  return { started, pinned, shown };
}

function definitions(a: Pinned, b: Pinned): Comparison['definitions'] {
  const of = ({ bill }: Pinned) => new Map(bill.map(([kind, name, digest]) => [`${kind} ${name}`, digest] as const));
  const [first, second] = [of(a), of(b)];
  const keys = [...new Set([...first.keys(), ...second.keys()])].sort();
  return keys.flatMap((key) => {
    const [kind = '', name = ''] = key.split(' ');
    const [one, other] = [first.get(key) ?? null, second.get(key) ?? null];
    return one === other ? [] : [{ kind, name, a: one, b: other }];
  });
}

/** The steps of a run in the order they began; attempts of one are one. */
function collect(events: readonly RunEvent[]): readonly Collected[] {
  const past = events.findLastIndex(({ type }) => type === 'run_forked');
  const steps = new Map<number, Collected>();
  const turns = new Map<string, number>();
  for (const [sequence, event] of events.entries()) {
    if (event.type === 'run_forked') forgetOpen(steps, turns);
    if (event.type === 'step_intended' || event.type === 'step_denied' || event.type === 'step_asked') {
      take(event, { steps, turns, sequence, inherited: sequence < past });
    }
    if (event.type !== 'step_settled') continue;
    const step = steps.get(event.step);
    if (!step) continue;
    step.side.tokens += event.tokens ?? 0;
    if (!event.final) continue;
    step.side.outcome = event.outcome;
    step.side.reason = event.failure?.code ?? 'ok';
    step.result = event.outcome === 'ok' ? digestOf(canonicalJson(event.result ?? null)) : null;
  }
  return [...steps.values()];
}

/** What was under way in the past of a fork is none of its steps. */
function forgetOpen(steps: Map<number, Collected>, turns: Map<string, number>): void {
  for (const [number, step] of steps) {
    if (step.side.outcome !== 'open' && step.side.outcome !== 'asked') continue;
    steps.delete(number);
    const place = `${step.kind} ${step.path}`;
    turns.set(place, (turns.get(place) ?? 1) - 1);
  }
}

function take(
  event: Acting,
  at: {
    readonly steps: Map<number, Collected>;
    readonly turns: Map<string, number>;
    readonly sequence: number;
    readonly inherited: boolean;
  },
): void {
  const { path, kind, target, step, decision } = event;
  const known = at.steps.get(step);
  const outcome = OUTCOMES[event.type];
  const args =
    event.type === 'step_intended' ? event.args_digest : event.args ? digestOf(canonicalJson(event.args)) : null;
  if (known) {
    known.side.attempts = event.type === 'step_intended' ? event.attempt : known.side.attempts;
    Object.assign(known.side, { outcome, reason: decision.reason });
    Object.assign(known, { target, args: args ?? known.args });
    return;
  }
  const place = `${kind} ${path}`;
  const turn = at.turns.get(place) ?? 0;
  at.turns.set(place, turn + 1);
  const stubbed = event.type === 'step_intended' && event.stubbed === true;
  const side = { step, sequence: at.sequence, attempts: 1, outcome, reason: decision.reason, tokens: 0, stubbed };
  at.steps.set(step, {
    key: `${place} ${turn}`,
    path,
    kind,
    target,
    args,
    result: null,
    side: { ...side, inherited: at.inherited },
  });
}

const OUTCOMES = { step_intended: 'open', step_denied: 'denied', step_asked: 'asked' } as const;

/** Steps of both in the order of the first, those that only the second has where they stand there. */
function matched(a: readonly Collected[], b: readonly Collected[]): ComparedStep[] {
  const inA = new Set(a.map(({ key }) => key));
  const byKey = new Map(b.map((step) => [step.key, step]));
  const steps: ComparedStep[] = [];
  let next = 0;
  const onlyB = (until: number): void => {
    for (; next < until; next++) if (!inA.has(b[next]!.key)) steps.push(pair(null, b[next]!));
  };
  for (const one of a) {
    const other = byKey.get(one.key) ?? null;
    if (other) onlyB(b.indexOf(other));
    steps.push(pair(one, other));
  }
  onlyB(b.length);
  return steps;
}

function pair(a: Collected | null, b: Collected | null): ComparedStep {
  const { path, kind, target } = (a ?? b)!;
  return { path, kind, target, a: a?.side ?? null, b: b?.side ?? null, differs: a && b ? differences(a, b) : [] };
}

function differences(a: Collected, b: Collected): Difference[] {
  const differs: Difference[] = [];
  if (a.target !== b.target) differs.push('target');
  // The request of a model names its run: where both were asked alike, its digest tells nothing.
  if (a.kind !== 'model' && a.args !== b.args) differs.push('arguments');
  if (a.side.outcome !== b.side.outcome || (a.side.outcome !== 'ok' && a.side.reason !== b.side.reason)) {
    differs.push('outcome');
  } else if (a.result !== b.result) differs.push('result');
  return differs;
}
