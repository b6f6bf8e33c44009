import type { RunEvent } from '@writ/engine';
import type { Json, JsonObject } from '@writ/kernel';
import { sentence } from '@writ/policy';

/** What became of one tool call a model asked for. */
export interface CallOutcome {
  readonly step: number;
  readonly tool: string;
  readonly args: JsonObject;
  readonly verdict: 'allow' | 'deny';
  readonly reason: string;
  /** Why, as people who may read the policy are told. */
  readonly sentence: string;
  /** What the tool answered; null when it was refused or its answer is not known yet. */
  answer: { readonly value: Json; readonly isError: boolean } | null;
}

/**
 * The tool calls of a run in the order they were decided, from its journal; and what went wrong before a call became a
 * request (a tool the agent was not offered, arguments outside the schema), which no conversation here should see.
 */
export function outcomesOf(events: readonly RunEvent[]): {
  readonly calls: CallOutcome[];
  readonly rejected: string[];
} {
  const calls: CallOutcome[] = [];
  const rejected: string[] = [];
  const at = (step: number): CallOutcome | undefined => calls.find((call) => call.step === step);
  for (const event of events) {
    switch (event.type) {
      case 'step_intended':
      case 'step_denied': {
        if (event.kind === 'handoff' && event.type === 'step_denied') {
          rejected.push(`the handoff to ${event.target} was denied: ${event.decision.reason}`);
        }
        if (event.kind !== 'tool' || at(event.step)) break;
        const verdict = event.type === 'step_denied' ? 'deny' : 'allow';
        calls.push({
          step: event.step,
          tool: event.target,
          args: event.args ?? {},
          verdict,
          reason: event.decision.reason,
          sentence: sentence({ ...event.decision, verdict }),
          answer: null,
        });
        break;
      }
      case 'step_settled': {
        const call = at(event.step);
        if (!call || !event.final) break;
        call.answer =
          event.outcome === 'ok'
            ? { value: event.result ?? null, isError: false }
            : { value: event.failure?.message ?? '', isError: true };
        break;
      }
      case 'step_reconciled': {
        const call = at(event.step);
        if (call && event.verdict === 'happened') call.answer = { value: event.result ?? null, isError: false };
        break;
      }
      case 'call_rejected':
        rejected.push(`the call was rejected: ${event.code}: ${event.message}`);
        break;
      default:
        break;
    }
  }
  return { calls, rejected };
}
