import { Controller, Inject } from '@nestjs/common';
import type { Tx } from '@writ/database';
import { ok, refuse, type Result } from '@writ/kernel';
import { AuthorityStore } from '@writ/policy';
import { Gate } from '../authority/gate';
import { GIVES_ROLES, withinCreator } from '../authority/key-grants';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { TRIGGERS, type Triggers } from '../tokens';

type Change = 'pauseTrigger' | 'resumeTrigger' | 'retireTrigger';

/** What starts runs by itself, as people keep it. */
@Controller()
export class TriggersController {
  constructor(
    @Inject(TRIGGERS) private readonly triggers: Triggers,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('listTriggers')
  async list(@ThisCall() call: Call<'listTriggers'>): Promise<Result<AnswerOf<'listTriggers'>>> {
    const may = await this.gate.ask(call, { action: 'trigger.read', object: { type: 'trigger', id: '*' } });
    if (!may.ok) return may;
    const { data, next } = await this.triggers.list(tenantOf(call), pageOf(call));
    return ok({ data: data.map(view), next });
  }

  @Operation('createTrigger')
  create(@ThisCall() call: Call<'createTrigger'>): Promise<Result<AnswerOf<'createTrigger'>>> {
    const { principal: by } = callerOf(call);
    const { name, workflow, roles, schedule } = call.body;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'createTrigger'>>> => {
      const authority = await this.authority.get(by.tenant);
      // INVARIANT (I6): nobody has a trigger do what they could not have done themselves.
      const givesRoles = await this.gate.allows(call, GIVES_ROLES);
      const within = withinCreator(authority, { ...by, givesRoles }, { id: `service:trigger.${name}`, roles });
      if (!within.ok) return within;
      const made = await this.triggers.create(tx, {
        tenant: by.tenant,
        by,
        trigger: {
          name,
          roles,
          start: startOf(call.body),
          ...(schedule && { schedule: { cron: schedule.cron, timeZone: schedule.time_zone, missed: schedule.missed } }),
        },
      });
      return made.ok ? ok({ ...view(made.value.trigger), secret: made.value.secret }) : made;
    };
    return this.writes.once(call, {
      asks: [
        { action: 'trigger.change', object: { type: 'trigger', id: name } },
        { action: 'run.start', object: { type: 'workflow', id: workflow } },
      ],
      act,
      forRepeat: (answer) => ({ ...answer, secret: null }),
    });
  }

  @Operation('getTrigger')
  async get(@ThisCall() call: Call<'getTrigger'>): Promise<Result<AnswerOf<'getTrigger'>>> {
    const trigger = await this.readable(call);
    return trigger.ok ? ok(view(trigger.value)) : trigger;
  }

  @Operation('listFirings')
  async firings(@ThisCall() call: Call<'listFirings'>): Promise<Result<AnswerOf<'listFirings'>>> {
    const trigger = await this.readable(call);
    if (!trigger.ok) return trigger;
    const page = await this.triggers.firings(tenantOf(call), trigger.value.id, pageOf(call));
    return page ? ok({ data: page.data.map(firing), next: page.next }) : refuse(noTrigger(call.params.id));
  }

  @Operation('pauseTrigger')
  pause(@ThisCall() call: Call<'pauseTrigger'>): Promise<Result<AnswerOf<'pauseTrigger'>>> {
    return this.change(call, 'pause');
  }

  @Operation('resumeTrigger')
  resume(@ThisCall() call: Call<'resumeTrigger'>): Promise<Result<AnswerOf<'resumeTrigger'>>> {
    return this.change(call, 'resume');
  }

  @Operation('retireTrigger')
  retire(@ThisCall() call: Call<'retireTrigger'>): Promise<Result<AnswerOf<'retireTrigger'>>> {
    return this.change(call, 'retire');
  }

  @Operation('rotateTriggerSecret')
  async rotate(@ThisCall() call: Call<'rotateTriggerSecret'>): Promise<Result<AnswerOf<'rotateTriggerSecret'>>> {
    const asks = await this.asksOf(call);
    if (!asks.ok) return asks;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'rotateTriggerSecret'>>> => {
      const done = await this.triggers.rotate(tx, { ...about(call), reason: call.body.reason });
      return done.ok ? ok({ ...view(done.value.trigger), secret: done.value.secret }) : done;
    };
    return this.writes.once(call, {
      asks: asks.value,
      act,
      forRepeat: (answer) => ({ ...answer, secret: null }),
    });
  }

  /** Nobody is logged in here: the signature says that the sender holds the secret, and the policy decides its start. */
  @Operation('receiveHook')
  async receive(@ThisCall() call: Call<'receiveHook'>): Promise<Result<AnswerOf<'receiveHook'>>> {
    const { signed } = call.state;
    if (!signed) return refuse(NOT_SIGNED);
    const received = await this.triggers.receive({ hook: call.params.id, ...signed });
    return received.ok ? ok(received.value) : received;
  }

  private async change(
    call: Call<Change>,
    to: 'pause' | 'resume' | 'retire',
  ): Promise<Result<AnswerOf<'pauseTrigger'>>> {
    const asks = await this.asksOf(call);
    if (!asks.ok) return asks;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'pauseTrigger'>>> => {
      const done = await this.triggers[to](tx, { ...about(call), reason: call.body.reason });
      return done.ok ? ok(view(done.value)) : done;
    };
    return this.writes.once(call, { asks: asks.value, act });
  }

  /** Rules name triggers by their names, so one is looked up before it is asked about. */
  private async asksOf(call: Call<Change> | Call<'rotateTriggerSecret'>) {
    const trigger = await this.triggers.get(tenantOf(call), call.params.id);
    if (!trigger) return refuse(noTrigger(call.params.id));
    return ok([{ action: 'trigger.change', object: { type: 'trigger', id: trigger.name } }] as const);
  }

  private async readable(call: Call<'getTrigger'> | Call<'listFirings'>) {
    const trigger = await this.triggers.get(tenantOf(call), call.params.id);
    if (!trigger) return refuse(noTrigger(call.params.id));
    const may = await this.gate.ask(call, { action: 'trigger.read', object: { type: 'trigger', id: trigger.name } });
    return may.ok ? ok(trigger) : may;
  }
}

type Shown = NonNullable<Awaited<ReturnType<Triggers['get']>>>;

const about = (call: Call<Change> | Call<'rotateTriggerSecret'>) => ({
  tenant: tenantOf(call),
  id: call.params.id,
  by: callerOf(call).principal,
});

const pageOf = (call: Call<'listTriggers'> | Call<'listFirings'>) => ({
  limit: call.query.limit,
  ...(call.after === undefined ? {} : { after: call.after }),
});

const NOT_SIGNED = {
  code: 'unauthenticated',
  class: 'permanent',
  message: 'the message carries no webhook-id, webhook-timestamp and webhook-signature',
  next: 'Sign it as Standard Webhooks say.',
} as const;

const noTrigger = (id: string) =>
  ({ code: 'not_found', class: 'permanent', message: `there is no trigger ${id}` }) as const;

function startOf({ workflow, version, input, budget, deadline_ms: deadlineMs }: Call<'createTrigger'>['body']) {
  return {
    workflow,
    input,
    ...(version === undefined ? {} : { version }),
    ...(budget === undefined ? {} : { budget }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

const when = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

const firing = ({ seq: _seq, at, dueAt, ...rest }: NonNullable<Shown['last']>) => ({
  ...rest,
  at: new Date(at).toISOString(),
  due_at: when(dueAt),
});

function view(trigger: Shown): AnswerOf<'getTrigger'> {
  const { schedule, start, last } = trigger;
  return {
    id: trigger.id,
    name: trigger.name,
    kind: trigger.kind,
    principal: trigger.principal,
    roles: trigger.roles,
    workflow: start.workflow,
    version: start.version ?? null,
    input: start.input,
    schedule: schedule && { cron: schedule.cron, time_zone: schedule.timeZone, missed: schedule.missed },
    next_at: when(trigger.nextAt),
    status: trigger.status,
    created_by: trigger.createdBy,
    created_at: new Date(trigger.createdAt).toISOString(),
    changed_by: trigger.changedBy,
    changed_at: new Date(trigger.changedAt).toISOString(),
    last: last && firing(last),
  };
}
