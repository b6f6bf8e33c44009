import type { ItemOf, ResponseOf } from '@writ/contract';
import { api } from '../api/client';
import type { Sign } from '../ui/tone';
import { type ApprovalsAsked, filterOf } from './queues';

export type Approval = ItemOf<'listApprovals'>;
export type ApprovalPage = ResponseOf<'listApprovals'>;

export function fetchApprovals(
  asked: ApprovalsAsked,
  cursor: string | undefined,
  signal?: AbortSignal,
): Promise<ApprovalPage> {
  const filter = filterOf(asked);
  const query = {
    ...(filter === '' ? {} : { filter }),
    waiting_on: asked.tab === 'mine' ? ('me' as const) : ('anybody' as const),
    sort: asked.tab === 'settled' ? ('-resolved' as const) : ('expires' as const),
    limit: 50,
  };
  return api.approvals.list(query, signal ? { signal } : {}).page(cursor);
}

export const APPROVAL_STATUS: { readonly [S in Approval['status']]: Sign } = {
  pending: { tone: 'wait', icon: 'hand', word: 'Asked' },
  approved: { tone: 'busy', icon: 'check', word: 'Approved' },
  used: { tone: 'good', icon: 'check', word: 'Approved, acted' },
  rejected: { tone: 'bad', icon: 'deny', word: 'Rejected' },
  expired: { tone: 'bad', icon: 'clock', word: 'Expired' },
  withdrawn: { tone: 'calm', icon: 'cross', word: 'Withdrawn' },
  replaced: { tone: 'calm', icon: 'retry', word: 'Edited' },
};

const BARRED: { readonly [W in NonNullable<Approval['barred']>]: string } = {
  not_a_person: 'An agent never decides.',
  is_requester: 'It is asked for you, so others decide.',
  in_chain: 'You take part in it, so others decide.',
  wrote_the_rule: 'You wrote the rule that asks, so others decide.',
  not_the_initiator: 'Only the one it is for is asked.',
  lacks_role: 'You do not hold a role that decides it.',
  decided: 'You have said what you think.',
};

/** Why the buttons are not for whoever looks; null when they are. */
export function whyNot({ status, barred }: Approval): string | null {
  if (status !== 'pending') return `It is settled: ${APPROVAL_STATUS[status].word.toLowerCase()}.`;
  return barred === null ? null : BARRED[barred];
}

/** `1 of 2 payments`. */
export const quorumOf = ({ requirements }: Approval): string =>
  requirements
    .map(({ of, by, roles, initiator, proof_within_ms: proof }) => {
      const who = initiator ? 'the one it is for' : roles.length > 0 ? roles.join(' or ') : 'people';
      return `${by.length} of ${of} ${who}${proof === null ? '' : ', freshly proven'}`;
    })
    .join(', and ');

const REASONS: { readonly [code: string]: string } = {
  arguments_changed: 'the arguments changed',
  definition_changed: 'what is called changed',
  chain_changed: 'who asks changed',
  policy_changed: 'the policy it rested on changed',
  resource_changed: 'what it is about changed',
  voter_lost_right: 'somebody who agreed may not decide any more',
  proof_too_old: 'who agreed proved too long ago who they are',
  used_too_late: 'its time was over before it was used',
  not_needed: 'the policy does not ask any more',
  run_over: 'the run is over',
  edited: 'the arguments were edited',
  nobody_answered: 'nobody answered in time',
};

export const reasonWords = (reason: string): string => REASONS[reason] ?? reason.replaceAll('_', ' ');
