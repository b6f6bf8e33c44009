import {
  type ApprovalId,
  canonicalJson,
  type Failure,
  newId,
  ok,
  type Principal,
  refuse,
  type Result,
} from '@writ/kernel';
import { insertMail, runRow, type Tx } from '@writ/database';
import { type ApprovalStatus, isFinal } from '@writ/words';
import type { TenantAuthority } from '../authority';
import { expire } from './consider';
import { inPlaceOf, ineligible, proofOwed, type Voter } from './eligibility';
import { type ApprovalBody, noteApproval } from './events';
import { insertProof, unproven } from './proof';
import { tally } from './quorum';
import { COMMENT_REQUIRED, conflict, notEligible } from './refusals';
import { type Approval, type CastVote, countable, endApproval, insertVote, votesOf } from './store';
import { questionOf } from './weigh';

export interface Voted {
  /** The request voted on: after an edit, the new one. */
  readonly approval: ApprovalId;
  readonly status: ApprovalStatus;
  /** False when the answer was there before: by the same voter, or because others had decided. */
  readonly counted: boolean;
  readonly resolved_by: string | null;
}

/** One answer under way: its transaction, who gives it, by which right. */
export interface Work {
  readonly tx: Tx;
  readonly authority: TenantAuthority;
  readonly caller: Principal;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Id of the decision that let the caller say something. */
  readonly decision: string;
  /** Those who are away and have named the caller to decide in their place. */
  readonly standsFor: readonly Voter[];
  /** When the caller last proved who they are, with what they came with (epoch milliseconds). */
  readonly provenAt: number | null;
}

interface Cast {
  readonly verdict: 'approve' | 'reject';
  readonly comment: string;
}

export async function castVote(work: Work, approval: Approval, cast: Cast): Promise<Result<Voted>> {
  const { tx, authority, caller, now } = work;
  const earlier = await settledAlready(work, approval, cast);
  if (earlier) return earlier;
  const unfit =
    votable(work, approval, cast.comment) ?? (cast.verdict === 'approve' ? unprovenNow(work, approval) : null);
  if (unfit) return refuse(unfit);
  const counted = await keepVote(work, approval, cast);
  const votes = await countable(tx, approval.tenant, await votesOf(tx, approval.tenant, [approval.id]));
  // The caller's roles are those they came with: their credential is good, it let them in.
  const { standsFor } = work;
  const current = votes.map((vote) =>
    vote.voter.id === caller.id ? { ...vote, voter: { ...caller, standsFor } } : vote,
  );
  const { state, rejectedBy } = tally(current, questionOf(approval, { snapshot: authority.snapshot!, now }));
  if (state === 'pending') return ok(answer(approval, counted));
  const status = state === 'rejected' ? 'rejected' : 'approved';
  await settle(work, approval, { status, by: rejectedBy ?? caller.id });
  return ok({ approval: approval.id, status, counted, resolved_by: rejectedBy ?? caller.id });
}

export const answer = ({ id, status, resolvedBy }: Approval, counted: boolean): Voted => ({
  approval: id,
  status,
  counted,
  resolved_by: resolvedBy,
});

/** The recorded answer, for whoever comes after it; a conflict for whoever wanted the opposite. */
async function settledAlready(work: Work, approval: Approval, { verdict }: Cast): Promise<Result<Voted> | null> {
  const { tx, now } = work;
  if (approval.status === 'pending' && now >= approval.expiresAt) {
    await expire(tx, approval, now);
    return refuse(conflict('it expired before anybody settled it', approval.id));
  }
  if (approval.status === 'pending') {
    const row = approval.run === null ? null : await runRow(tx, approval.tenant, approval.run);
    if (!row || !isFinal(row.status)) return null;
    await endApproval(tx, approval, { status: 'withdrawn', by: null, reason: 'run_over', now });
    const { initiator } = approval;
    await noteApproval(tx, approval.tenant, {
      type: 'approval.withdrawn',
      actor: initiator,
      approval,
      outcome: 'run_over',
    });
    return refuse(conflict('its run is over', approval.id));
  }
  const said = approval.status === 'approved' || approval.status === 'used' ? 'approve' : 'reject';
  const same = said === verdict && ['approved', 'used', 'rejected'].includes(approval.status);
  return same ? ok(answer(approval, false)) : refuse(conflict(`it is ${approval.status}`, approval.id));
}

/** Why a vote cannot be cast; null when it can. */
export function votable(work: Work, approval: Approval, comment: string): Failure | null {
  const { authority, caller, now } = work;
  if (approval.status !== 'pending') return conflict(`it is ${approval.status}`, approval.id);
  const { snapshot } = authority;
  if (snapshot === null) return conflict('the tenant has no policy in force', approval.id);
  const { id, kind, roles } = caller;
  const why = ineligible({ id, kind, roles, standsFor: work.standsFor }, questionOf(approval, { snapshot, now }));
  if (why !== null) return notEligible(approval, why);
  return approval.document.terms.commentRequired && comment.trim() === '' ? COMMENT_REQUIRED : null;
}

const unprovenNow = ({ authority, caller, now, standsFor, provenAt }: Work, approval: Approval): Failure | null =>
  unproven({ ...caller, standsFor }, provenAt, questionOf(approval, { snapshot: authority.snapshot!, now }));

export async function keepVote(
  { tx, authority, caller, now, decision, standsFor, provenAt }: Work,
  approval: Approval,
  vote: Pick<CastVote, 'verdict' | 'comment'>,
): Promise<boolean> {
  const { verdict, comment } = vote;
  const kept = await insertVote(tx, approval.tenant, {
    id: newId('event', now),
    approval: approval.id,
    voter: caller.id,
    kind: caller.kind,
    verdict,
    comment,
    decision,
    castAt: now,
  });
  const { snapshot } = authority;
  const question = snapshot && questionOf(approval, { snapshot, now });
  const proves = verdict === 'approve' && question !== null && proofOwed({ ...caller, standsFor }, question) !== null;
  const proof = proves && provenAt !== null ? { approval: approval.id, voter: caller.id, provenAt } : null;
  // Said before and proved anew counts anew.
  const fresh = proof !== null && (await insertProof(tx, approval.tenant, proof));
  if (kept || fresh) {
    const places = question === null ? [] : inPlaceOf({ ...caller, standsFor }, question);
    await noteApproval(tx, approval.tenant, {
      type: verdict === 'comment' ? 'approval.commented' : 'approval.voted',
      actor: caller.id,
      approval,
      outcome: verdict,
      detail: {
        decision,
        args: approval.document.binding.args_digest,
        ...(places.length > 0 && { in_place_of: places.join(' ') }),
        ...(fresh && { proven_at: new Date(proof!.provenAt).toISOString() }),
      },
    });
  }
  return kept || fresh;
}

/** Settles the request and tells the run it is of, if any, at most once. */
async function settle(
  { tx, caller, now }: Work,
  approval: Approval,
  { status, by }: { readonly status: 'approved' | 'rejected'; readonly by: string },
): Promise<void> {
  const { tenant, run, id, path } = approval;
  await endApproval(tx, approval, { status, by, reason: null, now });
  const edit = editOf(approval);
  const body: ApprovalBody = { approval: id, path, verdict: status, by, ...(edit && { edited: edit }) };
  if (run !== null) {
    await insertMail(tx, {
      tenant,
      run,
      id: newId('mail', now),
      kind: 'approval',
      body: canonicalJson(body),
      dedup: `approval ${id}`,
      sender: caller.id,
    });
  }
  await noteApproval(tx, tenant, {
    type: status === 'approved' ? 'approval.granted' : 'approval.rejected',
    actor: caller.id,
    approval,
    outcome: status,
  });
}

/** For a request that an edit made: its arguments take the place of those the run asked with. */
function editOf({ document }: Approval): ApprovalBody['edited'] {
  return document.editOf === undefined ? undefined : { of: document.editOf as ApprovalId, args: document.args };
}
