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

/** The draft has words of its own for none of ours yet: they are told as `custom`, by their name. */
export const OBLIGATIONS_SUPPORTED = ['custom'] as const;

/** Obligation types of ours that an enforcer says it can honour. */
export const honoured = (given: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(given) ? given.filter((name) => typeof name === 'string') : []);

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
