import type { ResponseOf } from '@writ/contract';
import type { JsonObject } from '@writ/kernel';
import { type AccessUse, type Decision, sentence } from '@writ/policy';
import type { Asked } from './questions';

export type AccessAnswer = ResponseOf<'evaluateAccess'>;

/** What may be told besides yes or no. */
export interface Telling {
  /** The caller may explain decisions. */
  readonly whole: boolean;
  /** The caller said which obligations it can honour: they are told, as drafted. */
  readonly obligations: boolean;
}

/** The draft has words of its own for none of ours yet: they are told as `custom`, by their name. */
export const OBLIGATIONS_SUPPORTED = ['custom'] as const;

/**
 * Obligation types of ours that an enforcer says it can honour. Who proves what to whom is for us to say: `step_up` is not
 * handed on.
 */
export const honoured = (given: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(given) ? given.filter((name) => typeof name === 'string' && name !== 'step_up') : []);

const USER: { readonly [reason: string]: string } = {
  approval_required: 'Somebody has to approve this first.',
  stopped: 'This is stopped for now.',
  policy_unavailable: 'Nobody can be allowed anything at the moment.',
};

/** What is told beside a decision of how to ask people, and of an approval that was presented (draft). */
export interface Asking {
  readonly use?: AccessUse;
  readonly askUntil?: number;
  /** Id of the approval that was presented. */
  readonly presented?: string | null;
  readonly endpoint?: string;
}

/** Seconds after which an approval that is still being decided may be presented again. */
const RETRY_S = 5;

function askingOf({ use, askUntil, presented, endpoint = '' }: Asking): JsonObject {
  const asking: { [name: string]: JsonObject[string] } = {};
  if (use?.kind === 'granted') {
    asking['approval'] = { id: presented ?? '', approved_until: new Date(use.until).toISOString() };
  } else if (use) {
    asking['reason'] = use.reason;
    asking['next_action'] = use.next;
    if (use.next === 'retry') asking['retry_after'] = RETRY_S;
  }
  if (askUntil !== undefined) {
    asking['access_request'] = {
      endpoint,
      expires_at: new Date(askUntil).toISOString(),
      display: { title: 'Ask for access', description: 'Somebody has to approve this first, and can be asked.' },
    };
  }
  return asking;
}

export function answerOf(decision: Decision, { whole, obligations }: Telling, asking: Asking = {}): AccessAnswer {
  const allowed = decision.verdict === 'allow';
  const context: { [name: string]: JsonObject[string] } = {
    evaluation_id: decision.id,
    evaluated_at: new Date(decision.at).toISOString(),
    reason: decision.reason,
    policy_version: decision.snapshot,
  };
  if (!allowed) context['reason_user'] = { en: USER[decision.reason] ?? 'You may not do this.' };
  if (whole) {
    context['reason_admin'] = { en: sentence(decision) };
    context['rules'] = decision.stages.flatMap(({ matches }) => matches.map(({ rid }) => rid));
  }
  if (obligations && allowed) context['obligations'] = decision.obligations.map(drafted);
  // An approval that was presented where nothing asks for one has helped nothing, and neither would another.
  const vain = !allowed && asking.use === undefined && typeof asking.presented === 'string';
  return { decision: allowed, context: { ...context, ...(vain && { next_action: 'none' }), ...askingOf(asking) } };
}

const drafted = ({ id, type, values }: Decision['obligations'][number]): JsonObject => ({
  ...values,
  type: 'custom',
  id,
  vendor: 'writ',
  name: type,
});

/** A question that is none: closed, with what it lacks. */
export const errorOf = (asked: Asked): AccessAnswer => ({
  decision: false,
  context: { error: { status: 400, message: asked.ok ? 'it was not decided' : asked.failure.message } },
});
