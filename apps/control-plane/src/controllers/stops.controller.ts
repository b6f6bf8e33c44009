import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import { listStops, releaseStop, setStop, type StopRecord } from '@writ/policy';
import { recordChangeIn } from '../authority/change-events';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

@Controller()
export class StopsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('listStops')
  async list(@ThisCall() call: Call<'listStops'>): Promise<Result<AnswerOf<'listStops'>>> {
    const may = await this.gate.ask(call, { action: 'stop.read', object: { type: 'stop', id: '*' } });
    if (!may.ok) return may;
    const { limit, state } = call.query;
    const found = await this.database.withTenant(tenantOf(call), (tx) =>
      listStops(tx, {
        tenant: tenantOf(call),
        state,
        limit: limit + 1,
        ...(call.after === undefined ? {} : { after: call.after }),
      }),
    );
    const page = found.slice(0, limit);
    return ok({ data: page.map(view), next: found.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  @Operation('setStop')
  set(@ThisCall() call: Call<'setStop'>): Promise<Result<AnswerOf<'setStop'>>> {
    const { scope, target, reason } = call.body;
    const object = { type: 'stop', id: target === null ? scope : `${scope}:${target}` } as const;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'setStop'>>> => {
      const tenant = tenantOf(call);
      const author = callerOf(call).principal.id;
      const set = await setStop(tx, { tenant, scope, target, reason, author }, recordChangeIn(tx));
      return set.ok ? ok(view(set.value.stop)) : set;
    };
    return this.writes.once(call, { asks: [{ action: 'stop.set', object }], act });
  }

  @Operation('releaseStop')
  release(@ThisCall() call: Call<'releaseStop'>): Promise<Result<AnswerOf<'releaseStop'>>> {
    const { id } = call.params;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'releaseStop'>>> => {
      const author = callerOf(call).principal.id;
      const input = { tenant: tenantOf(call), id, reason: call.body.reason, author };
      const released = await releaseStop(tx, input, recordChangeIn(tx));
      return released.ok ? ok(view(released.value.stop)) : refuse(inOurWords(released.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'stop.release', object: { type: 'stop', id } }], act });
  }
}

const WORDS: { readonly [code: string]: string } = { stop_not_found: 'not_found', stop_released: 'state_conflict' };
const inOurWords = (failure: Failure): Failure => ({ ...failure, code: WORDS[failure.code] ?? failure.code });

function view(stop: StopRecord): AnswerOf<'setStop'> {
  return {
    id: stop.id,
    scope: stop.scope,
    target: stop.target === '' ? null : stop.target,
    reason: stop.reason,
    set_by: stop.setBy,
    set_at: new Date(stop.setAt).toISOString(),
    released_by: stop.releasedBy,
    released_at: stop.releasedAt === null ? null : new Date(stop.releasedAt).toISOString(),
  };
}
