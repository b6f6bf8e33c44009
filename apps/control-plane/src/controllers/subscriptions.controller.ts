import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type DeadLetter, type Delivery, type Subscription, subscriptions } from '@writ/delivery';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { time } from '../search/window';
import { CLOCK } from '../tokens';

type View = AnswerOf<'pauseSubscription'>;
type Changes =
  Call<'pauseSubscription'> | Call<'resumeSubscription'> | Call<'removeSubscription'> | Call<'testSubscription'>;

const SHOWN = 200;

/** Who is told what happens. */
@Controller()
export class SubscriptionsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listSubscriptions')
  async list(@ThisCall() call: Call<'listSubscriptions'>): Promise<Result<AnswerOf<'listSubscriptions'>>> {
    const may = await this.gate.ask(call, { action: 'subscription.read', object: { type: 'subscription', id: '*' } });
    if (!may.ok) return may;
    const { limit } = call.query;
    const tenant = tenantOf(call);
    const after = call.after === undefined ? {} : { after: call.after };
    const found = await this.database.withTenant(tenant, (tx) =>
      subscriptions.list(tx, { tenant, limit: limit + 1, ...after }),
    );
    const data = found.slice(0, limit);
    return ok({ data: data.map(view), next: found.length > limit ? (data.at(-1)?.id ?? null) : null });
  }

  @Operation('createSubscription')
  create(@ThisCall() call: Call<'createSubscription'>): Promise<Result<AnswerOf<'createSubscription'>>> {
    const act = async (tx: Tx): Promise<Result<AnswerOf<'createSubscription'>>> => {
      const by = callerOf(call).principal.id;
      const made = await subscriptions.create(tx, {
        ...call.body,
        tenant: tenantOf(call),
        by,
        now: this.clock.now(),
        secrets: this.database.secrets,
      });
      if (!made.ok) return refuse({ ...made.failure, code: 'schema_violation' });
      return ok({ ...view(made.value.one), secret: made.value.secret });
    };
    return this.writes.once(call, {
      asks: [{ action: 'subscription.change', object: { type: 'subscription', id: 'new' } }],
      act,
      forRepeat: (answer) => ({ ...answer, secret: null }),
    });
  }

  @Operation('pauseSubscription')
  pause(@ThisCall() call: Call<'pauseSubscription'>): Promise<Result<View>> {
    return this.change(call, (tx, of) => subscriptions.set(tx, { ...of, to: 'paused', reason: call.body.reason }));
  }

  @Operation('resumeSubscription')
  resume(@ThisCall() call: Call<'resumeSubscription'>): Promise<Result<View>> {
    return this.change(call, (tx, of) => subscriptions.set(tx, { ...of, to: 'active', ...call.body }));
  }

  @Operation('removeSubscription')
  remove(@ThisCall() call: Call<'removeSubscription'>): Promise<Result<View>> {
    return this.change(call, (tx, of) => subscriptions.remove(tx, { ...of, reason: call.body.reason }));
  }

  @Operation('testSubscription')
  test(@ThisCall() call: Call<'testSubscription'>): Promise<Result<View>> {
    return this.change(call, (tx, of) => subscriptions.test(tx, of));
  }

  @Operation('listDeliveries')
  async deliveries(@ThisCall() call: Call<'listDeliveries'>): Promise<Result<AnswerOf<'listDeliveries'>>> {
    const { id } = call.params;
    const may = await this.gate.ask(call, { action: 'subscription.read', object: { type: 'subscription', id } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    return this.database.withTenant(tenant, async (tx): Promise<Result<AnswerOf<'listDeliveries'>>> => {
      const known = await subscriptions.find(tx, tenant, id);
      if (!known) return refuse(noSubscription(id));
      const found = await subscriptions.deliveries(tx, { tenant, id, limit: SHOWN });
      const dead = await subscriptions.deadLetters(tx, { tenant, id, limit: SHOWN });
      return ok({ data: found.map(deliveryView), dead: dead.map(deadView) });
    });
  }

  private change(
    call: Changes,
    work: (
      tx: Tx,
      of: { readonly tenant: Subscription['tenant']; readonly id: string; readonly by: string },
    ) => Promise<Subscription | null>,
  ): Promise<Result<View>> {
    const { id } = call.params;
    const of = { tenant: tenantOf(call), id, by: callerOf(call).principal.id };
    const act = async (tx: Tx): Promise<Result<View>> => {
      const changed = await work(tx, of);
      return changed ? ok(view(changed)) : refuse(noSubscription(id));
    };
    return this.writes.once(call, {
      asks: [{ action: 'subscription.change', object: { type: 'subscription', id } }],
      act,
    });
  }
}

const timeOr = (ms: number | null): string | null => (ms === null ? null : time(ms));

const view = (one: Subscription): View => ({
  id: one.id,
  url: one.url,
  label: one.label,
  types: one.types,
  status: one.status,
  reason: one.reason,
  behind: one.behind,
  failures: one.failures,
  dead: one.dead,
  next_try_at: timeOr(one.nextTryAt),
  last_sent_at: timeOr(one.lastSentAt),
  created_by: one.createdBy,
  created_at: time(one.createdAt),
});

const deliveryView = (one: Delivery): AnswerOf<'listDeliveries'>['data'][number] => ({
  event: one.event,
  type: one.type,
  attempt: one.attempt,
  time: time(one.at),
  status: one.status,
  error: one.error,
  took_ms: one.took,
});

const deadView = ({ at, ...one }: DeadLetter): AnswerOf<'listDeliveries'>['dead'][number] => ({
  ...one,
  time: time(at),
});

const noSubscription = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no subscription ${id}`,
  next: 'List those there are with `writ subscriptions list`.',
});
