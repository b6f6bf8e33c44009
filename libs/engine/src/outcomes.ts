import { canonicalJson, CanonicalError, type Failure, type Json, type JsonObject } from '@writ/kernel';
import { type AuditDraft, commitmentTo } from '@writ/audit';
import { checkInput } from '@writ/registry';
import type { Database } from '@writ/database';
import type { Landed } from '@writ/words';
import { sharedOutcome } from './board/outcome';
import type { Proposal } from './proposal';
import { costOf } from './budget/price';
import { evidence } from './evidence';
import type { RunEvent, WaitFor } from './events';
import { apply } from './fold';
import type { HeldRun } from './held-run';
import type { Performed } from './doors';
import { afterFailure, backoffMs } from './retry';
import { branchOf } from './path';
import { keepAside } from './keep-aside';
import { newSalt } from './salt';

/** Records a fact: applied at once, committed with the next unit. */
export function record(held: HeldRun, event: RunEvent, audit?: AuditDraft): void {
  held.pending.events.push(event);
  if (audit) held.pending.audits.push(audit);
  apply(held.state, event);
}

export interface Attempt {
  readonly proposed: Proposal;
  readonly step: number;
  readonly attempt: number;
}

/**
 * Records how an attempt ended, and what its error class says about another one: at once, but for a large result, which is
 * kept aside first.
 */
export function recordOutcome(
  db: Database,
  held: HeldRun,
  ended: { readonly attempt: Attempt; readonly performed: Performed; readonly now: number },
): Promise<void> | null {
  const { attempt, now } = ended;
  const { outcome, tokens } = ended.performed;
  const { kind } = attempt.proposed;
  if (outcome.kind === 'ok' && (kind === 'board' || kind === 'message')) {
    const { step, proposed } = attempt;
    const shared = sharedOutcome(held, { ...proposed, kind, step });
    if (!shared.ok) recordFailure(held, { attempt, now, failure: shared.failure, landed: 'no' });
    else {
      const text = canonicalJson(shared.value);
      // INVARIANT: what a model hears now is what it hears after a recovery, members in their order included.
      recordValue(held, { attempt, now, tokens, result: JSON.parse(text) as Json, text, ref: null });
    }
    return null;
  }
  if (outcome.kind === 'ok') {
    const unfit = unfitAnswer(held, attempt.proposed, outcome.value);
    if (unfit) {
      recordFailure(held, { attempt, now, failure: unfit, landed: 'yes' });
      return null;
    }
    const text = ended.performed.text ?? encoded(outcome.value);
    if (typeof text !== 'string') recordFailure(held, { attempt, now, failure: text, landed: 'yes' });
    else {
      const value = { attempt, now, tokens, result: outcome.value, text };
      const kept = keepAside({ db }, held.tenant, text);
      if (kept !== null) return kept.then((ref) => recordValue(held, { ...value, ref }));
      recordValue(held, { ...value, ref: null });
    }
    return null;
  }
  recordFailure(held, { attempt, now, failure: outcome.failure, landed: outcome.landed });
  return null;
}

/** A tool promises what it answers. What does not fit the promise is an error, and nothing of it is passed on. */
function unfitAnswer(held: HeldRun, { kind, target }: Proposal, answer: Json): Failure | null {
  const { agents, tools } = held.planner.bill;
  if (kind !== 'tool' && kind !== 'data' && kind !== 'agent') return null;
  const schema = (kind === 'agent' ? agents : tools).get(target)?.definition.output;
  const fault = schema ? checkInput(schema as JsonObject, answer) : null;
  if (fault === null) return null;
  return {
    code: 'tool_output_invalid',
    class: 'permanent',
    message: `${target} answered what its definition does not promise: ${fault.message.replace('the input', 'the answer')}`,
    ...(fault.details && { details: fault.details }),
  };
}

/** A result as canonical JSON, or why it has none. */
function encoded(result: Json): string | Failure {
  try {
    return canonicalJson(result);
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return { code: 'result_unencodable', class: 'permanent', message: `the result holds ${error.message}` };
  }
}

function recordValue(
  held: HeldRun,
  done: {
    readonly attempt: Attempt;
    readonly now: number;
    readonly tokens: number;
    readonly result: Json;
    /** The result as canonical JSON, and its digest where it is kept aside. */
    readonly text: string;
    readonly ref: string | null;
  },
): void {
  const { attempt, now, tokens, text, ref } = done;
  const salt = newSalt();
  const { step, attempt: number, proposed } = attempt;
  const branch = branchOf(proposed.path);
  record(
    held,
    // In the order of canonical JSON, which then need not sort it.
    {
      at: now,
      attempt: number,
      ...costIn(held, proposed, done.result),
      final: true,
      outcome: 'ok',
      result: done.result,
      ...(ref !== null && { result_ref: ref }),
      salt,
      step,
      ...(tokens > 0 && { tokens }),
      type: 'step_settled',
    },
    evidence(
      held.scope,
      { now, branch },
      {
        type: proposed.kind === 'handoff' ? 'handoff.made' : 'action.settled',
        step,
        attempt: number,
        outcome: 'ok',
        result: commitmentTo(text, salt),
        ...(tokens > 0 && { usage: usageOf(done.result) }),
        ...(proposed.details.stubbed && { detail: { stubbed: true } }),
      },
    ),
  );
}

/** What a model call cost; nothing where its price is unknown, which is not the same as free. */
function costIn(held: HeldRun, { kind, target }: Proposal, result: Json): { readonly cost_micros?: number } {
  if (kind !== 'model') return {};
  const cost = costOf(held.planner.bill.models.get(target)?.definition.price, {
    ...usageOf(result),
    cached: cachedIn(result),
  });
  return cost === null ? {} : { cost_micros: cost };
}

const cachedIn = (reply: Json): number => (reply as { usage?: { cachedTokens?: number } }).usage?.cachedTokens ?? 0;

function usageOf(reply: Json): { input: number; output: number } {
  const usage = (reply as { usage?: { inputTokens?: number; outputTokens?: number } }).usage;
  return { input: usage?.inputTokens ?? 0, output: usage?.outputTokens ?? 0 };
}

function recordFailure(
  held: HeldRun,
  ended: {
    readonly attempt: Attempt;
    readonly now: number;
    readonly failure: Failure;
    readonly landed: Landed;
  },
): void {
  const { now, failure, landed } = ended;
  const { proposed, step, attempt } = ended.attempt;
  const branch = branchOf(proposed.path);
  const next = afterFailure({
    kind: proposed.kind,
    effect: proposed.effect,
    failure,
    landed,
    number: attempt,
    max: proposed.maxAttempts,
  });
  if (next === 'unknown') {
    recordUnknown(held, { step, attempt, reason: failure.code, now, branch });
    return;
  }
  record(
    held,
    { type: 'step_settled', at: now, step, attempt, outcome: 'error', failure, landed, final: next === 'give_up' },
    evidence(
      held.scope,
      { now, branch },
      {
        type: 'action.settled',
        step,
        attempt,
        outcome: failure.code,
        detail: { landed, final: next === 'give_up' },
      },
    ),
  );
  if (next === 'retry') {
    const delay = backoffMs(failure, attempt, Math.random());
    if (delay > 0)
      record(held, { type: 'retry_scheduled', at: now, step, attempt: attempt + 1, not_before: now + delay });
  }
}

/** The outcome of an unrepeatable effect is lost: the run will wait for a person. */
export function recordUnknown(
  held: HeldRun,
  lost: {
    readonly step: number;
    readonly attempt: number;
    readonly reason: string;
    readonly now: number;
    readonly branch: string;
  },
): void {
  const { step, attempt, reason, now, branch } = lost;
  record(
    held,
    { type: 'step_unknown', at: now, step, attempt, reason },
    evidence(
      held.scope,
      { now, branch },
      {
        type: 'action.unknown',
        step,
        attempt,
        outcome: 'unknown',
        detail: { reason },
      },
    ),
  );
}

/** A branch waits; the others go on. */
export function recordWait(
  held: HeldRun,
  { wait, branch, now }: { readonly wait: WaitFor; readonly branch: string; readonly now: number },
): void {
  record(
    held,
    { type: 'wait_started', at: now, ...(branch !== '' && { branch }), wait },
    evidence(held.scope, { now, branch }, { type: 'run.waiting', detail: { for: wait.for } }),
  );
}
