import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Clock, type Failure, isId, ok, refuse, type Result } from '@writ/kernel';
import { standIns } from '@writ/policy';
import { type Ask, Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { time } from '../search/window';
import { CLOCK } from '../tokens';

type View = AnswerOf<'setStandIn'>;
type StandIn = NonNullable<Awaited<ReturnType<typeof standIns.find>>>;

/** Who decides about requests while somebody is away. */
@Controller()
export class StandInsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listStandIns')
  async list(@ThisCall() call: Call<'listStandIns'>): Promise<Result<AnswerOf<'listStandIns'>>> {
    const may = await this.gate.ask(call, { action: 'approval.read', object: { type: 'approval', id: '*' } });
    if (!may.ok) return may;
    const { limit, state } = call.query;
    const tenant = tenantOf(call);
    const after = call.after === undefined ? {} : { after: call.after };
    const found = await this.database.withTenant(tenant, (tx) =>
      standIns.list(tx, { tenant, state, limit: limit + 1, ...after }),
    );
    const data = found.slice(0, limit);
    const now = this.clock.now();
    return ok({
      data: data.map((one) => view(one, now)),
      next: found.length > limit ? (data.at(-1)?.id ?? null) : null,
    });
  }

  @Operation('setStandIn')
  set(@ThisCall() call: Call<'setStandIn'>): Promise<Result<View>> {
    const by = callerOf(call).principal.id;
    const { absent = by, deputy, from, until, reason } = call.body;
    const act = async (tx: Tx): Promise<Result<View>> => {
      const now = this.clock.now();
      const [startsAt, endsAt] = [from === undefined ? now : Date.parse(from), Date.parse(until)];
      const made = await standIns.set(tx, {
        tenant: tenantOf(call),
        absent,
        deputy,
        startsAt,
        endsAt,
        reason,
        by,
        now,
      });
      return made.ok ? ok(view(made.value, now)) : refuse({ ...made.failure, code: 'schema_violation' });
    };
    return this.writes.once(call, { asks: asksFor(absent, by === absent), act });
  }

  @Operation('endStandIn')
  async end(@ThisCall() call: Call<'endStandIn'>): Promise<Result<View>> {
    const { id } = call.params;
    const tenant = tenantOf(call);
    const by = callerOf(call).principal.id;
    const known = isId('standIn', id)
      ? await this.database.withTenant(tenant, (tx) => standIns.find(tx, tenant, id))
      : null;
    const part = known !== null && [known.absent, known.deputy, known.setBy].includes(by);
    const act = async (tx: Tx): Promise<Result<View>> => {
      const ended = known && (await standIns.end(tx, { tenant, id, reason: call.body.reason, by }));
      return ended ? ok(view(ended, this.clock.now())) : refuse(noStandIn(id));
    };
    return this.writes.once(call, { asks: asksFor(known?.absent ?? by, part || known === null), act });
  }
}

/** For somebody else it also speaks for them, which is a right of its own. */
function asksFor(absent: string, own: boolean): readonly Ask[] {
  const ask: Ask = { action: 'approval.delegate', object: { type: 'approval', id: absent } };
  return own ? [ask] : [ask, { action: 'principal.assert', object: { type: 'role', id: absent } }];
}

function view(one: StandIn, now: number): View {
  const { id, absent, deputy, startsAt, endsAt, reason, setBy, setAt, endedAt, endedBy } = one;
  const state = endedAt !== null ? 'ended' : now >= endsAt ? 'over' : now < startsAt ? 'coming' : 'in_force';
  return {
    id,
    absent,
    deputy,
    state,
    from: time(startsAt),
    until: time(endsAt),
    reason,
    set_by: setBy,
    set_at: time(setAt),
    ended_at: endedAt === null ? null : time(endedAt),
    ended_by: endedBy,
  };
}

const noStandIn = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `nobody decides in another’s place under ${id}`,
  next: 'List them with `writ approvals stand-ins`.',
});
