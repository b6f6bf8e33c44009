import {
  type ApprovalId,
  canonicalJson,
  type Clock,
  type Failure,
  isId,
  type JsonObject,
  newId,
  ok,
  type Principal,
  refuse,
  type Result,
  type RunId,
  type TenantId,
} from '@writ/kernel';
import { type Database, insertMail, runRow, type Tx } from '@writ/database';
import { isFinal } from '@writ/words';
import type { TenantAuthority } from '../authority';
import type { AuthorityStore } from '../authority-store';
import { decide } from '../decide';
import type { Decision, DecisionRequest } from '../types';
import { expire } from './consider';
import { editedRequest, type EditedTool } from './edit';
import { asksSelf, barred, inPlaceOf, type Ineligible, ineligible, proofOwed, type Voter } from './eligibility';
import { type ApprovalBody, noteApproval } from './events';
import { insertProof, provenWith, unproven } from './proof';
import { tally } from './quorum';
import {
  type Approval,
  approvalById,
  type ApprovalStatus,
  type CastVote,
  countable,
  endApproval,
  insertVote,
  standInsNow,
  votesOf,
} from './store';
import { questionOf } from './weigh';

/** What votes need of other rooms. */
export interface ApprovalParts {
  readonly db: Database;
  readonly authority: AuthorityStore;
  readonly clock: Clock;
  /** Puts a decision and its explanation in the tenant's stream, durable with the transaction. */
  readonly record: (tx: Tx, made: { readonly request: DecisionRequest; readonly decision: Decision }) => Promise<void>;
  /** The tool a request is about; null when it is about something else. */
  readonly tool: (approval: Pick<Approval, 'tenant' | 'run' | 'action' | 'target'>) => Promise<EditedTool | null>;
  /** Tells whoever leads the run that there is mail. */
  readonly ring: (tenant: TenantId, run: RunId) => Promise<void>;
}

export interface VoteInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly approval: string;
  readonly verdict: 'approve' | 'reject' | 'comment';
  readonly comment: string;
  /** What the caller came with: a proof made with it is theirs. Absent: they have proved nothing. */
  readonly credential?: string;
}

export interface EditInput {
  readonly tenant: TenantId;
  readonly caller: Principal;
  readonly credential?: string;
  readonly approval: string;
  readonly args: JsonObject;
  readonly comment: string;
}

export interface Voted {
  /** The request voted on: after an edit, the new one. */
  readonly approval: ApprovalId;
  readonly status: ApprovalStatus;
  /** False when the answer was there before: by the same voter, or because others had decided. */
  readonly counted: boolean;
  readonly resolved_by: string | null;
}

interface Work {
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

/**
 * What people say about requests. Each vote is decided by policy and recorded in the tenant's stream; the one that
 * settles a request puts exactly one letter in the run's mail, in the same transaction. INVARIANT (I12): the request's
 * row is locked first, so of any number of votes one settles it and the others get its answer.
 */
export class ApprovalCommands {
  constructor(private readonly parts: ApprovalParts) {}

  /** Refuses `not_found`, `policy_denied`, `not_eligible`, `proof_required`, `comment_required`, `state_conflict`. */
  vote(input: VoteInput): Promise<Result<Voted>> {
    return this.#deciding(input, async (work, approval) => {
      if (input.verdict !== 'comment') return castVote(work, approval, { ...input, verdict: input.verdict });
      await keepVote(work, approval, { verdict: 'comment', comment: input.comment });
      return ok(answer(approval, false));
    });
  }

  /**
   * Approves with other arguments: they are checked against the tool's schema and decided again now, and are a request of
   * their own, which the editor's vote is the first for. Refuses `not_editable`, `schema_violation` besides.
   */
  edit(input: EditInput): Promise<Result<Voted>> {
    return this.#deciding(input, async (work, approval) => {
      const fit = votable(work, approval, input.comment);
      if (fit) return refuse(fit);
      // Whom it is for says yes to it as it is, and words it for nobody.
      const bar = barred(work.caller, approval.document.parties);
      if (bar !== null) return refuse(notEligible(approval, bar));
      const tool = await this.parts.tool(approval);
      const made = await editedRequest(work, tool, { approval, args: input.args });
      if (!made.ok) return made;
      const next = made.value;
      await endApproval(work.tx, approval, {
        status: 'replaced',
        by: work.caller.id,
        reason: 'edited',
        replacedBy: next.id,
        now: work.now,
      });
      await noteApproval(
        work.tx,
        approval.tenant,
        {
          type: 'approval.edited',
          actor: work.caller.id,
          approval,
          detail: { replaced_by: next.id, decision: work.decision },
        },
        {
          type: 'approval.requested',
          actor: work.caller.id,
          approval: next,
          detail: { edit_of: approval.id, args: next.document.binding.args_digest, basis: next.document.binding.basis },
        },
      );
      const voted = await castVote(work, next, { verdict: 'approve', comment: input.comment });
      // Whoever may not decide about the new arguments has changed nothing.
      if (!voted.ok) throw new TakenBack(voted.failure);
      return voted;
    });
  }

  /**
   * Takes back what was granted and has not been used up: the act, or the access, needs another approval. Refuses
   * `not_found`, `policy_denied`, `state_conflict`.
   */
  revoke(input: Omit<VoteInput, 'verdict'>): Promise<Result<Voted>> {
    return this.#deciding(input, async ({ tx, caller, now, decision }, approval) => {
      if (approval.status !== 'approved') return refuse(conflict(`it is ${approval.status}`, approval.id));
      await endApproval(tx, approval, { status: 'withdrawn', by: caller.id, reason: 'revoked', now });
      await noteApproval(tx, approval.tenant, {
        type: 'approval.withdrawn',
        actor: caller.id,
        approval,
        outcome: 'revoked',
        detail: { decision, ...(input.comment !== '' && { reason: input.comment }) },
      });
      return ok({ approval: approval.id, status: 'withdrawn', counted: true, resolved_by: caller.id });
    });
  }

  /** Locks the request, decides whether the caller may say anything about it, and lets them. */
  async #deciding(
    input: Pick<VoteInput, 'tenant' | 'caller' | 'approval' | 'credential'>,
    act: (work: Work, approval: Approval) => Promise<Result<Voted>>,
  ): Promise<Result<Voted>> {
    const { tenant, caller, approval: id } = input;
    if (!isId('approval', id)) return refuse(notFound(id));
    const authority = await this.parts.authority.refresh(tenant);
    const now = this.parts.clock.now();
    let ring: Approval['run'] | null = null;
    const result = await this.#transaction(tenant, async (tx): Promise<Result<Voted>> => {
      const approval = await approvalById(tx, { tenant, id, lock: true });
      if (!approval) return refuse(notFound(id));
      ring = approval.run;
      const may = await this.#may(tx, authority, { approval, caller, now });
      if (!may.ok) return may;
      const standsFor = (await standInsNow(tx, tenant, [caller.id])).get(caller.id) ?? [];
      const { credential } = input;
      const provenAt =
        credential === undefined ? null : await provenWith(tx, { tenant, principal: caller.id, credential });
      return act({ tx, authority, caller, now, decision: may.value, standsFor, provenAt }, approval);
    });
    if (ring !== null && result.ok) await this.parts.ring(tenant, ring);
    return result;
  }

  /**
   * The decision that lets the caller say something. Whom an act is for, and who is asked because of that, needs no right
   * over others' acts: the decision that asks is what asks them.
   */
  async #may(
    tx: Tx,
    authority: TenantAuthority,
    { approval, caller, now }: { readonly approval: Approval; readonly caller: Principal; readonly now: number },
  ): Promise<Result<string>> {
    if (asksSelf(approval.document, caller.id)) return ok(approval.document.decision.id);
    const request: DecisionRequest = {
      tenant: approval.tenant,
      initiator: caller,
      chain: [],
      action: 'approval.decide',
      object: { type: 'approval', id: approval.target },
      now,
    };
    const decision = decide(authority, request);
    await this.parts.record(tx, { request, decision });
    return decision.verdict === 'allow' ? ok(decision.id) : refuse(denied(approval, decision));
  }

  async #transaction<T>(tenant: TenantId, work: (tx: Tx) => Promise<Result<T>>): Promise<Result<T>> {
    try {
      return await this.parts.db.withTenant(tenant, work);
    } catch (error) {
      if (error instanceof TakenBack) return refuse(error.failure);
      throw error;
    }
  }
}

/** A refusal that leaves nothing behind: the transaction rolls back. */
class TakenBack extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

interface Cast {
  readonly verdict: 'approve' | 'reject';
  readonly comment: string;
}

async function castVote(work: Work, approval: Approval, cast: Cast): Promise<Result<Voted>> {
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

const answer = ({ id, status, resolvedBy }: Approval, counted: boolean): Voted => ({
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
function votable(work: Work, approval: Approval, comment: string): Failure | null {
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

async function keepVote(
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

const notFound = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no approval ${id}`,
  next: 'List what waits with `writ approvals list`.',
});

const conflict = (what: string, id: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message: `approval ${id} takes no answer: ${what}`,
  next: `Look at it with \`writ approvals show ${id}\`.`,
});

const COMMENT_REQUIRED: Failure = {
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

const notEligible = ({ id }: Approval, why: Ineligible): Failure => ({
  code: 'not_eligible',
  class: 'policy',
  message: WHY[why],
  next: `\`writ approvals show ${id}\` names who may.`,
  details: { reason: why },
});

const denied = ({ id }: Approval, decision: { readonly id: string; readonly reason: string }): Failure => ({
  code: decision.reason === 'stopped' ? 'stop_active' : 'policy_denied',
  class: 'policy',
  message: `approval.decide on ${id} was refused: ${decision.reason}`,
  next: `Ask \`writ explain ${decision.id}\` what would allow it.`,
  details: { decision_id: decision.id, reason: decision.reason },
});
