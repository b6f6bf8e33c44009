import {
  type Clock,
  type Failure,
  isId,
  type JsonObject,
  ok,
  type Principal,
  refuse,
  type Result,
  type RunId,
  type TenantId,
} from '@writ/kernel';
import type { Database, Tx } from '@writ/database';
import type { TenantAuthority } from '../authority';
import type { AuthorityStore } from '../authority-store';
import { decide } from '../decide';
import type { Decision, DecisionRequest } from '../types';
import { answer, castVote, keepVote, votable, type Voted, type Work } from './cast-vote';
import { editedRequest, type EditedTool } from './edit';
import { asksSelf, barred } from './eligibility';
import { noteApproval } from './events';
import { provenWith } from './proof';
import { conflict, denied, notEligible, notFound } from './refusals';
import { type Approval, approvalById, endApproval, standInsNow } from './store';

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
