import { z } from 'zod';
import type { Obligation } from '../types';

/** The obligation under which an allow means: ask people first. */
export const APPROVAL = 'require_approval';

const DAY_MS = 86_400_000;
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

/** One obligation's demand: so many different people of these roles. */
export interface Requirement {
  /** Id of the obligation. */
  readonly obligation: string;
  readonly count: number;
  readonly roles: readonly string[];
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
}

/** What is wrong with the values an obligation was given, in words; null when nothing is. */
export function approvalFault(values: Obligation['values']): string | null {
  const parsed = Values.safeParse(values);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `${issue?.path.length ? `${issue.path.join('.')}: ` : ''}${issue?.message ?? 'not valid'}`;
}

/**
 * The terms of all asking obligations together: each of them must be met, the earliest end counts, and what one of them
 * does not permit is not permitted. Throws for values that a snapshot would have refused.
 */
export function termsOf(obligations: readonly Obligation[]): ApprovalTerms {
  const asked = obligations
    .filter(({ type }) => type === APPROVAL)
    .map(({ id, values }) => ({ id, ...Values.parse(values) }));
  if (asked.length === 0) throw new Error('no obligation of this decision asks anybody');
  return {
    requirements: asked.map((one) => ({
      obligation: one.id,
      count: one.count ?? one.k ?? 1,
      roles: one.roles,
      escalation:
        one.escalate_after_ms === undefined ? null : { afterMs: one.escalate_after_ms, roles: one.escalate_to ?? [] },
    })),
    expiresMs: Math.min(...asked.map((one) => one.expires_ms)),
    editable: asked.every((one) => one.editable),
    commentRequired: asked.some((one) => one.comment_required),
  };
}

/** Milliseconds after the request at which somebody else may decide as well; null when nobody will. */
export function escalatesAfter({ requirements }: ApprovalTerms): number | null {
  const times = requirements.flatMap(({ escalation }) => (escalation ? [escalation.afterMs] : []));
  return times.length === 0 ? null : Math.min(...times);
}
