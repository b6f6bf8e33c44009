import type { Failure } from '@writ/kernel';
import type { Ineligible } from './eligibility';
import type { Approval } from './store';

export const notFound = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no approval ${id}`,
  next: 'List what waits with `writ approvals list`.',
});

export const conflict = (what: string, id: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `approval ${id} takes no answer: ${what}`,
  next: `Look at it with \`writ approvals show ${id}\`.`,
});

export const COMMENT_REQUIRED: Failure = {
  code: 'comment_required',
  class: 'permanent',
  message: 'the policy wants the reason in words',
  next: 'Say why in `comment`.',
};

const WHY: { readonly [R in Ineligible]: string } = {
  not_a_person: 'only people and services decide, never an agent',
  is_requester: 'nobody decides about what is done for them',
  in_chain: 'nobody decides about an act they have a part in',
  wrote_the_rule: 'whoever wrote the rule that asks does not answer it',
  not_the_initiator: 'only the one it is for is asked',
  lacks_role: 'they do not hold a role that decides this',
};

export const notEligible = ({ id }: Approval, why: Ineligible): Failure => ({
  code: 'not_eligible',
  class: 'policy',
  message: WHY[why],
  next: `\`writ approvals show ${id}\` names who may.`,
  details: { reason: why },
});

export const denied = ({ id }: Approval, decision: { readonly id: string; readonly reason: string }): Failure => ({
  code: decision.reason === 'stopped' ? 'stop_active' : 'policy_denied',
  class: 'policy',
  message: `approval.decide on ${id} was refused: ${decision.reason}`,
  next: `Ask \`writ explain ${decision.id}\` what would allow it.`,
  details: { decision_id: decision.id, reason: decision.reason },
});
