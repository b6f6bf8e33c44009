import type { ResponseOf } from '@writ/contract';
import type { JsonObject } from '@writ/kernel';
import { type Decision, sentence } from '@writ/policy';
import type { Asked } from './questions';

export type AccessAnswer = ResponseOf<'evaluateAccess'>;

/** What may be told besides yes or no. */
export interface Telling {
  /** The caller may explain decisions. */
  readonly whole: boolean;
  /** The caller said which obligations it can honour: they are told, as drafted. */
  readonly obligations: boolean;
}

/** Names of the obligations draft for types of ours; all others are `custom`. */
const DRAFTED: { readonly [type: string]: string } = { step_up: 'step-up', notify: 'notification' };
export const OBLIGATIONS_SUPPORTED = ['custom', 'notification', 'step-up'] as const;

/** Obligation types of ours that an enforcer can honour, from the names it gave. */
export function honoured(given: unknown): ReadonlySet<string> {
  const names = Array.isArray(given) ? given.filter((name) => typeof name === 'string') : [];
  const drafted = Object.entries(DRAFTED).filter(([, name]) => names.includes(name));
  return new Set([...names, ...drafted.map(([type]) => type)]);
}

const USER: { readonly [reason: string]: string } = {
  approval_required: 'Somebody has to approve this first.',
  stopped: 'This is stopped for now.',
  policy_unavailable: 'Nobody can be allowed anything at the moment.',
};

export function answerOf(decision: Decision, { whole, obligations }: Telling): AccessAnswer {
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
  return { decision: allowed, context };
}

function drafted({ id, type, values }: Decision['obligations'][number]): JsonObject {
  const name = DRAFTED[type];
  return name === undefined
    ? { ...values, type: 'custom', id, vendor: 'writ', name: type }
    : { ...values, type: name, id };
}

/** A question that is none: closed, with what it lacks. */
export const errorOf = (asked: Asked): AccessAnswer => ({
  decision: false,
  context: { error: { status: 400, message: asked.ok ? 'it was not decided' : asked.failure.message } },
});
