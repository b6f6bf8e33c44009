import { z } from 'zod';
import type { Obligation } from '../types';

/** The obligation under which an allow means: ask people first. */
export const APPROVAL = 'require_approval';

/** The obligation under which somebody proves anew who they are: the one the act is for, or those who decide about it. */
export const STEP_UP = 'step_up';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const roleName = z.string().regex(/^[a-z][a-z0-9_.:-]{0,63}$/, 'a role: lower-case letters, digits, _ . : -');
const roles = z.array(roleName).max(32);
const count = z.number().int().min(1).max(16);
const span = z
  .number()
  .int()
  .min(1)
  .max(366 * DAY_MS);

/** The values of a `require_approval` obligation, as policy text writes them. `k` is another word for `count`. */
const Values = z
  .strictObject({
    count: count.optional(),
    k: count.optional(),
    /** Who may decide: holders of any of these roles. Without roles, everybody whom the policy lets decide. */
    roles: roles.default([]),
    expires_ms: span.default(DAY_MS),
    escalate_after_ms: span.optional(),
    escalate_to: roles.min(1).optional(),
    /** Whether those who decide may change the arguments first. */
    editable: z.boolean().default(false),
    /** How long an access that was asked for is good once it is granted; acts of runs are approved one by one. */
    valid_ms: span.default(HOUR_MS),
    /** Whether a decision needs words of explanation. */
    comment_required: z.boolean().default(false),
  })
  .refine(({ count, k }) => count === undefined || k === undefined, {
    path: ['k'],
    message: 'say count or k, not both',
  })
  .refine(({ escalate_after_ms: after, escalate_to: to }) => (after === undefined) === (to === undefined), {
    path: ['escalate_to'],
    message: 'escalation names when and to whom',
  })
  .refine(({ escalate_after_ms: after, expires_ms: expires }) => after === undefined || after < expires, {
    path: ['escalate_after_ms'],
    message: 'escalation comes before the end',
  });

/** The values of a `step_up` obligation. */
const Proving = z.strictObject({
  /** `initiator`: whom the act is for says yes to it; `approvers`: those who decide about it anyway. */
  who: z.enum(['initiator', 'approvers']).default('initiator'),
  /** How old the proof may be when the act is done. */
  within_ms: z.number().int().min(10_000).max(DAY_MS).default(300_000),
  expires_ms: span.default(HOUR_MS),
});

/** One obligation's demand: so many different people of these roles. */
export interface Requirement {
  /** Id of the obligation. */
  readonly obligation: string;
  readonly count: number;
  readonly roles: readonly string[];
  /** Only the one the act is for meets it; absent: only others do. */
  readonly self?: true;
  /** Milliseconds that a proof of who they are may be old when the act is done; absent: none is needed. */
  readonly proofMs?: number;
  /** Milliseconds after the request from which holders of `roles` here count as well. */
  readonly escalation: { readonly afterMs: number; readonly roles: readonly string[] } | null;
}

/** What must be true before an asked act may happen. */
export interface ApprovalTerms {
  /** Every one of them must be met. */
  readonly requirements: readonly Requirement[];
  readonly expiresMs: number;
  readonly editable: boolean;
  readonly commentRequired: boolean;
  /** How long an access is good once granted, where that is what was asked for; absent in requests of before. */
  readonly validMs?: number;
}

/** What is wrong with the values an asking obligation was given, in words; null when nothing is. */
export function approvalFault(type: typeof APPROVAL | typeof STEP_UP, values: Obligation['values']): string | null {
  const parsed = (type === APPROVAL ? Values : Proving).safeParse(values);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `${issue?.path.length ? `${issue.path.join('.')}: ` : ''}${issue?.message ?? 'not valid'}`;
}

/**
 * The terms of all asking obligations together: each of them must be met, the earliest end counts, and what one of them
 * does not permit is not permitted. Throws for values that a snapshot would have refused.
 */
export function termsOf(obligations: readonly Obligation[]): ApprovalTerms {
  const asked = of(obligations, APPROVAL, Values);
  const proving = of(obligations, STEP_UP, Proving);
  if (asked.length + proving.length === 0) throw new Error('no obligation of this decision asks anybody');
  const approvers = proving.filter(({ who }) => who === 'approvers');
  const proof = approvers.length === 0 ? {} : { proofMs: Math.min(...approvers.map(({ within_ms: ms }) => ms)) };
  const others = asked.map((one): Requirement => ({
    obligation: one.id,
    count: one.count ?? one.k ?? 1,
    roles: one.roles,
    ...proof,
    escalation:
      one.escalate_after_ms === undefined ? null : { afterMs: one.escalate_after_ms, roles: one.escalate_to ?? [] },
  }));
  // Nobody else is asked: then somebody is, who may decide and proves who they are.
  const alone =
    others.length === 0 ? approvers.slice(0, 1).map(({ id }) => ({ ...ANYBODY, obligation: id, ...proof })) : [];
  const selves = proving.filter(({ who }) => who === 'initiator');
  const self = selves.map(({ id, within_ms: proofMs }): Requirement => ({
    ...ANYBODY,
    obligation: id,
    self: true,
    proofMs,
  }));
  return {
    requirements: [...others, ...alone, ...self],
    expiresMs: Math.min(...[...asked, ...proving].map((one) => one.expires_ms)),
    editable: asked.length > 0 && asked.every((one) => one.editable),
    commentRequired: asked.some((one) => one.comment_required),
    validMs: Math.min(...asked.map((one) => one.valid_ms), 366 * DAY_MS),
  };
}

const ANYBODY = { count: 1, roles: [], escalation: null } as const;

function of<T>(
  obligations: readonly Obligation[],
  type: string,
  schema: z.ZodType<T>,
): readonly (T & { readonly id: string })[] {
  return obligations.filter((one) => one.type === type).map(({ id, values }) => ({ id, ...schema.parse(values) }));
}

/** Milliseconds after the request at which somebody else may decide as well; null when nobody will. */
export function escalatesAfter({ requirements }: ApprovalTerms): number | null {
  const times = requirements.flatMap(({ escalation }) => (escalation ? [escalation.afterMs] : []));
  return times.length === 0 ? null : Math.min(...times);
}
