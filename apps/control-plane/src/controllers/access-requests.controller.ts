import { Controller, Inject } from '@nestjs/common';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { access } from '@writ/policy';
import { ACCESS_REQUESTS } from '../access/drafts';
import { askerOf, baseOf } from '../access/metadata';
import { readable } from '../access/questions';
import { type AccessTask, OutsideRequests } from '../access/requests';
import { Gate } from '../authority/gate';
import { WithHeaders } from '../frame/answer';
import { type AnswerOf, type Call, Operation, ThisCall } from '../frame/call';
import type { AnyCall } from '../frame/state';
import { CLOCK, DRAFTS } from '../tokens';

type Answered = Promise<Result<WithHeaders<AnswerOf<'getAccessRequest'>>>>;

/** AuthZEN Access Request and Approval Profile, draft 1: a denial says how to ask, and people answer. */
@Controller()
export class AccessRequestsController {
  constructor(
    @Inject(Gate) private readonly gate: Gate,
    @Inject(OutsideRequests) private readonly requests: OutsideRequests,
    @Inject(DRAFTS) private readonly drafts: ReadonlySet<string>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('requestAccess')
  async request(@ThisCall() call: Call<'requestAccess'>): Answered {
    const { denial, requested_access: access, client: _client, ...question } = call.body;
    const may = await this.may(call, question.resource.type);
    if (!may.ok) return may;
    const asked = readable(question);
    if (!asked.ok) return asked;
    const until = access?.requested_until === undefined ? null : Date.parse(access.requested_until);
    if (until !== null && until <= this.clock.now()) return refuse(PAST);
    const made = await this.requests.ask(askerOf(call), { question, evaluation: denial.evaluation_id ?? null, until });
    if (!made.ok) return made;
    const answer = taskOf(call, made.value);
    return ok(new WithHeaders(answer, { location: answer.task.status_endpoint, ...waiting(answer) }));
  }

  @Operation('getAccessRequest')
  async get(@ThisCall() call: Call<'getAccessRequest'>): Answered {
    return this.about(call, async () => {
      const task = await this.requests.standing(askerOf(call), call.params.id);
      return task ? ok(task) : refuse(UNKNOWN);
    });
  }

  @Operation('cancelAccessRequest')
  async cancel(@ThisCall() call: Call<'cancelAccessRequest'>): Answered {
    return this.about(call, () => this.requests.cancel(askerOf(call), call.params.id));
  }

  /** A task is its enforcer's own, and is told to nobody else; what it may ask is asked again each time. */
  private async about(call: AnyCall, find: () => Promise<Result<AccessTask>>): Answered {
    const may = await this.may(call, null);
    if (!may.ok) return may;
    const found = await find();
    if (!found.ok) return found;
    const still = await this.may(call, found.value.document.request.object.type);
    if (!still.ok) return still;
    const answer = taskOf(call, found.value);
    return ok(new WithHeaders(answer, waiting(answer)));
  }

  private async may(call: AnyCall, type: string | null): Promise<Result<unknown>> {
    if (!this.drafts.has(ACCESS_REQUESTS)) {
      this.gate.own(call);
      return refuse(OFF);
    }
    if (type === null) return this.gate.leaveToEngine(call, 'decision.evaluate');
    return this.gate.ask(call, { action: 'decision.evaluate', object: { type: 'decision', id: type } });
  }
}

/** Whoever waits looks again after so long. */
const POLL_S = 5;
const waiting = ({ task }: AnswerOf<'getAccessRequest'>): { readonly [name: string]: string } =>
  task.status === 'pending' ? { 'retry-after': String(POLL_S) } : {};

const STATUS = {
  pending: 'pending',
  approved: 'approved',
  used: 'approved',
  rejected: 'denied',
  expired: 'expired',
  withdrawn: 'cancelled',
  replaced: 'cancelled',
} as const;

const SAID: { readonly [S in (typeof STATUS)[keyof typeof STATUS]]: string } = {
  pending: 'People are asked; not all of them have answered.',
  approved: 'Access was granted. It holds for what was asked, until its time is over.',
  denied: 'Access was refused.',
  expired: 'Nobody answered in time.',
  cancelled: 'The request was taken back, or what it rested on has changed.',
};

const stamp = (ms: number): string => new Date(ms).toISOString();

function taskOf(call: AnyCall, approval: AccessTask): AnswerOf<'getAccessRequest'> {
  const status = STATUS[approval.status];
  const at = `${baseOf(call)}/access/v1/requests/${approval.id}`;
  const until = access.goodUntil(approval);
  return {
    task: {
      id: approval.id,
      status,
      status_endpoint: at,
      ...(status === 'pending' && { expires_at: stamp(approval.expiresAt), links: { cancel: `${at}/cancel` } }),
      display: { title: 'Access was asked for', description: SAID[status] },
    },
    ...(until !== null && {
      result: {
        mode: 'reevaluate' as const,
        approval: { id: approval.id, approved_at: stamp(approval.resolvedAt!), approved_until: stamp(until) },
      },
    }),
  };
}

const OFF: Failure = {
  code: 'not_found',
  class: 'permanent',
  message: 'access requests are not switched on here',
  next: 'Set WRIT_AUTHZEN_DRAFTS=access-request-1 for the control plane.',
};
const UNKNOWN: Failure = { code: 'unknown_task', class: 'permanent', message: 'there is no such request of yours' };
const PAST: Failure = {
  code: 'invalid_request',
  class: 'permanent',
  message: 'requested_access.requested_until is over already',
};
