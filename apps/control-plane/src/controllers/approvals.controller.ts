import { Controller, Inject } from '@nestjs/common';
import { parseQuery } from '@writ/contract';
import { credentialOf } from '@writ/identity';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { access, type ApprovalFound } from '@writ/policy';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { approvalPredicate } from '../search/approval-predicate';
import { continued, time } from '../search/window';
import { type Approvals, APPROVALS, CLOCK } from '../tokens';

/** What is counted for the badge at most. */
const MOST_COUNTED = 100;

/** What people are asked, and what they say to it. Whether they may say it is decided inside, with what it changes. */
@Controller()
export class ApprovalsController {
  constructor(
    @Inject(APPROVALS) private readonly approvals: Approvals,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listApprovals')
  async list(@ThisCall() call: Call<'listApprovals'>): Promise<Result<AnswerOf<'listApprovals'>>> {
    const { filter, waiting_on: waitingOn, sort, limit } = call.query;
    const all = { action: 'approval.read', object: { type: 'approval', id: '*' } } as const;
    // What one is asked because it is for oneself, one may read.
    const own = waitingOn === 'me' && !(await this.gate.allows(call, all));
    if (own) this.gate.own(call);
    else {
      const may = await this.gate.ask(call, all);
      if (!may.ok) return may;
    }
    const { now, at } = continued(call.after, this.clock.now());
    const page = await this.approvals.queries.list({
      tenant: tenantOf(call),
      reader: callerOf(call).principal,
      where: approvalPredicate(parseQuery(filter ?? '', 'approvals').root, now),
      mine: waitingOn === 'me',
      own,
      sort,
      limit,
      after: at,
      now,
    });
    return ok({
      data: page.data.map(view),
      next: page.next === null ? null : JSON.stringify({ now, at: page.next }),
    });
  }

  /** Of one's own business only, so it needs no right. */
  @Operation('countApprovals')
  async count(@ThisCall() call: Call<'countApprovals'>): Promise<Result<AnswerOf<'countApprovals'>>> {
    this.gate.own(call);
    const waiting = await this.approvals.queries.waiting(tenantOf(call), {
      reader: callerOf(call).principal,
      now: this.clock.now(),
      most: MOST_COUNTED,
    });
    return ok({ waiting_on_me: waiting, at_least: waiting === MOST_COUNTED });
  }

  @Operation('getApproval')
  async get(@ThisCall() call: Call<'getApproval'>): Promise<Result<AnswerOf<'getApproval'>>> {
    const { id } = call.params;
    const by = { reader: callerOf(call).principal, now: this.clock.now() };
    const found = await this.approvals.queries.get(tenantOf(call), id, by);
    if (!found) return refuse(noApproval(id));
    if (found.asksReader) {
      this.gate.own(call);
      return ok(view(found));
    }
    const object = { type: 'approval', id: found.approval.target } as const;
    const may = await this.gate.ask(call, { action: 'approval.read', object });
    return may.ok ? ok(view(found)) : may;
  }

  @Operation('approve')
  approve(@ThisCall() call: Call<'approve'>): Promise<Result<AnswerOf<'approve'>>> {
    return this.say(call, () => this.approvals.commands.vote({ ...about(call), verdict: 'approve', ...call.body }));
  }

  @Operation('reject')
  reject(@ThisCall() call: Call<'reject'>): Promise<Result<AnswerOf<'reject'>>> {
    return this.say(call, () => this.approvals.commands.vote({ ...about(call), verdict: 'reject', ...call.body }));
  }

  @Operation('commentApproval')
  comment(@ThisCall() call: Call<'commentApproval'>): Promise<Result<AnswerOf<'commentApproval'>>> {
    return this.say(call, () => this.approvals.commands.vote({ ...about(call), verdict: 'comment', ...call.body }));
  }

  @Operation('revokeApproval')
  revoke(@ThisCall() call: Call<'revokeApproval'>): Promise<Result<AnswerOf<'revokeApproval'>>> {
    return this.say(call, () => this.approvals.commands.revoke({ ...about(call), ...call.body }));
  }

  @Operation('editApproval')
  edit(@ThisCall() call: Call<'editApproval'>): Promise<Result<AnswerOf<'editApproval'>>> {
    return this.say(call, () => this.approvals.commands.edit({ ...about(call), ...call.body }));
  }

  private async say(call: Says, command: () => Promise<Result<Said>>): Promise<Result<Said>> {
    const may = await this.gate.leaveToEngine(call, 'approval.decide');
    return may.ok ? this.writes.told(call, command) : may;
  }
}

type Said = AnswerOf<'approve'>;
type Says = Call<'approve'> | Call<'reject'> | Call<'revokeApproval'> | Call<'commentApproval'> | Call<'editApproval'>;

const about = (call: Says) => ({
  tenant: tenantOf(call),
  caller: callerOf(call).principal,
  credential: credentialOf(callerOf(call)),
  approval: call.params.id,
});

const noApproval = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no approval ${id}`,
  next: 'List what waits with `writ approvals list`.',
});

const timeOr = (ms: number | null): string | null => (ms === null ? null : time(ms));

function view({ approval, votes, tally, barred, inPlaceOf }: ApprovalFound): AnswerOf<'getApproval'> {
  const { document } = approval;
  const { binding, terms, request, decision } = document;
  return {
    id: approval.id,
    run: approval.run,
    workflow: approval.workflow,
    path: approval.path,
    status: approval.status,
    reason: approval.reason,
    sentence: document.sentence,
    why: document.why,
    rules: document.rules.map((rule) => ({ ...rule })),
    action: approval.action,
    target: approval.target,
    resource: request.resource ?? null,
    initiator: approval.initiator,
    agent: approval.agent,
    chain: document.parties.chain,
    args: document.args,
    args_digest: binding.args_digest,
    definition_digest: binding.target_digest,
    chain_digest: binding.chain_digest,
    basis: binding.basis,
    policy: decision.snapshot,
    decision: decision.id,
    requirements: terms.requirements.map(({ obligation, count, roles, escalation, self = false, proofMs = null }) => ({
      obligation,
      of: count,
      by: tally.met.find((met) => met.obligation === obligation)?.by ?? [],
      roles,
      escalates_to: escalation?.roles ?? [],
      initiator: self,
      proof_within_ms: proofMs,
    })),
    votes: votes.map(({ voter, verdict, comment, decision: id, castAt }) => ({
      voter,
      verdict,
      comment,
      decision: id,
      time: time(castAt),
    })),
    editable: terms.editable,
    comment_required: terms.commentRequired,
    may_decide: approval.status === 'pending' && barred === null,
    barred,
    in_place_of: inPlaceOf,
    requested_at: time(approval.requestedAt),
    expires_at: time(approval.expiresAt),
    escalates_at: timeOr(approval.escalatesAt),
    escalated_at: timeOr(approval.escalatedAt),
    resolved_at: timeOr(approval.resolvedAt),
    resolved_by: approval.resolvedBy,
    access: document.access
      ? {
          enforcer: document.access.enforcer,
          reason: document.access.reason,
          requested_until: timeOr(document.access.until),
          good_until: timeOr(access.goodUntil(approval)),
        }
      : null,
    used_at: timeOr(approval.usedAt),
    replaced_by: approval.replacedBy,
    edit_of: document.editOf ?? null,
    edited_by: document.editedBy ?? null,
    original_args: document.original ?? null,
  };
}
