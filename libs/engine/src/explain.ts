import type { JsonObject, RunId } from '@writ/kernel';
import { sentence } from '@writ/policy';
import type { Verdict } from '@writ/words';
import type { DecisionView } from './api';
import type { RecordedDecision, RunEvent } from './events';
import type { StoredDecision } from './record-decision';

const ACTIONS = {
  model: 'model.invoke',
  tool: 'tool.invoke',
  data: 'data.read',
  handoff: 'handoff',
  delegate: 'delegate',
  run: 'run.start',
  start: 'run.start',
  finish: 'run.finish',
  check: 'guardrail.check',
  agent: 'agent.invoke',
} as const;
const OBJECTS = {
  model: 'model',
  tool: 'tool',
  data: 'data',
  handoff: 'agent',
  delegate: 'agent',
  run: 'workflow',
  agent: 'agent',
  board: 'board',
  message: 'mailbox',
  start: 'workflow',
  finish: 'workflow',
  check: 'guardrail',
} as const;

/** What agents share is read or written, and messages are sent or taken: the arguments say which. */
function actionOf({ kind, args }: Extract<RunEvent, { type: 'step_intended' | 'step_denied' | 'step_asked' }>): string {
  return kind === 'board' || kind === 'message' ? `${kind}.${String(args?.['op'] ?? 'read')}` : ACTIONS[kind];
}

/** What is decided is whether the guardrail may ask; whom it asks stands beside. */
const checkedBy = (event: Extract<RunEvent, { type: 'step_intended' | 'step_denied' | 'step_asked' }>): string =>
  ('check' in event ? event.check?.guardrail : undefined) ?? event.target;

interface Parts {
  readonly decision: RecordedDecision;
  readonly verdict: Verdict;
  readonly run: RunId | null;
  readonly step: number | null;
  readonly action: string;
  readonly object: JsonObject;
  readonly at: number;
}

function view(parts: Parts): DecisionView {
  const { decision, verdict, at } = parts;
  return {
    id: decision.id,
    run: parts.run,
    step: parts.step,
    action: parts.action,
    object: parts.object,
    verdict,
    reason: decision.reason,
    stage: decision.stage,
    explicit: decision.explicit,
    stages: decision.stages as unknown as readonly JsonObject[],
    obligations: decision.obligations as unknown as readonly JsonObject[],
    near_misses: decision.nearMisses as unknown as readonly JsonObject[],
    snapshot: decision.snapshot,
    time: new Date(at).toISOString(),
    sentence: sentence({ ...decision, verdict }),
  };
}

/** The decision an event carries, as readers see it; null for events that carry none. */
export function decisionOf(run: RunId, event: RunEvent): DecisionView | null {
  switch (event.type) {
    case 'run_started':
      return view({
        decision: event.decision,
        verdict: event.asks ? 'ask' : 'allow',
        run,
        step: null,
        action: event.fork?.effects === 'stubbed' ? 'run.fork' : 'run.start',
        object: { type: event.fork?.effects === 'stubbed' ? 'run' : 'workflow', id: event.workflow },
        at: event.at,
      });
    case 'step_intended':
    case 'step_denied':
    case 'step_asked': {
      const verdict =
        event.type === 'step_intended'
          ? 'allow'
          : event.type === 'step_asked' && event.decision.reason !== 'stopped'
            ? 'ask'
            : 'deny';
      const object = {
        type: OBJECTS[event.kind],
        id: event.kind === 'check' ? checkedBy(event) : event.target,
        ...(event.agent !== null && { agent: event.agent }),
      };
      const { decision, step, at } = event;
      return view({ decision, verdict, run, step, action: actionOf(event), object, at });
    }
    default:
      return null;
  }
}

/** A decision made outside runs, from its stored explanation. */
export function storedDecisionView({ decision, action, object, subject }: StoredDecision): DecisionView {
  return view({
    decision,
    verdict: decision.verdict,
    run: null,
    step: null,
    action,
    object: { ...object, subject },
    at: decision.at,
  });
}
