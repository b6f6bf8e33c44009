import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { StopReports } from '@writ/engine';
import { revokeAgentKeys } from '@writ/identity';
import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import { findStop, listStops, releaseStop, setStop, type StopRecord } from '@writ/policy';
import { recordChangeIn } from '../authority/change-events';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { reportView, stepView, stopView } from './stop-view';

@Controller()
export class StopsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(StopReports) private readonly reports: StopReports,
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
    return ok({ data: page.map(stopView), next: found.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  @Operation('previewStop')
  async preview(@ThisCall() call: Call<'previewStop'>): Promise<Result<AnswerOf<'previewStop'>>> {
    const may = await this.gate.ask(call, { action: 'stop.read', object: { type: 'stop', id: '*' } });
    if (!may.ok) return may;
    const { scope, target } = call.body;
    const { runs, steps } = await this.reports.preview(tenantOf(call), { scope, target: target ?? '' });
    return ok({ runs: { ...runs }, steps: steps.map(stepView) });
  }

  @Operation('getStop')
  async get(@ThisCall() call: Call<'getStop'>): Promise<Result<AnswerOf<'getStop'>>> {
    const { id } = call.params;
    const may = await this.gate.ask(call, { action: 'stop.read', object: { type: 'stop', id } });
    if (!may.ok) return may;
    const report = await this.reports.report(tenantOf(call), id);
    return report ? ok(reportView(report)) : refuse(notFound(id));
  }

  @Operation('setStop')
  set(@ThisCall() call: Call<'setStop'>): Promise<Result<AnswerOf<'setStop'>>> {
    const { scope, target, reason, mode, per_minute: perMinute, two_persons: twoPersons } = call.body;
    const object = { type: 'stop', id: target === null ? scope : `${scope}:${target}` } as const;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'setStop'>>> => {
      const tenant = tenantOf(call);
      const author = callerOf(call).principal.id;
      if (mode === 'revoke' || mode === 'terminate') {
        await revokeAgentKeys(tx, tenant, { by: author, agent: scope === 'tenant' ? null : agentOf(call.body) });
      }
      const asked = { tenant, scope, target, mode, perMinute, twoPersons, reason, author };
      const set = await setStop(tx, asked, recordChangeIn(tx));
      return set.ok ? ok(stopView(set.value.stop)) : refuse(inOurWords(set.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'stop.set', object }], act });
  }

  @Operation('releaseStop')
  release(@ThisCall() call: Call<'releaseStop'>): Promise<Result<AnswerOf<'releaseStop'>>> {
    const { id } = call.params;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'releaseStop'>>> => {
      const author = callerOf(call).principal.id;
      const { reason, to, per_minute: perMinute } = call.body;
      const input = { tenant: tenantOf(call), id, reason, to, perMinute, author };
      const released = await releaseStop(tx, input, recordChangeIn(tx));
      return released.ok ? ok(stopView(released.value.stop)) : refuse(inOurWords(released.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'stop.release', object: { type: 'stop', id } }], act });
  }

  @Operation('drillStop')
  async drill(@ThisCall() call: Call<'drillStop'>): Promise<Result<AnswerOf<'drillStop'>>> {
    const { scope, target, reason } = call.body;
    const tenant = tenantOf(call);
    const author = callerOf(call).principal.id;
    const object = { type: 'stop', id: target === null ? scope : `${scope}:${target}` } as const;
    const act = async (tx: Tx): Promise<Result<StopRecord>> => {
      const set = await setStop(tx, { tenant, scope, target, reason: `Drill: ${reason}`, author }, recordChangeIn(tx));
      return set.ok ? ok(set.value.stop) : refuse(inOurWords(set.failure));
    };
    const asks = [
      { action: 'stop.set', object },
      { action: 'stop.release', object },
    ] as const;
    const set = await this.writes.once(call, { asks, act });
    if (!set.ok) return set;
    const stop = (await this.database.withTenant(tenant, (tx) => findStop(tx, tenant, set.value.id))) ?? set.value;
    const drill = { tenant, stop, author, reason, recordIn: recordChangeIn };
    const done = await this.reports.finishDrill(drill);
    return done.ok ? ok(reportView(done.value)) : refuse(inOurWords(done.failure));
  }
}

const agentOf = ({ scope, target }: { readonly scope: string; readonly target: string | null }): string =>
  scope === 'agent' && target !== null ? target : '';

const WORDS: { readonly [code: string]: string } = {
  stop_not_found: 'not_found',
  stop_released: 'state_conflict',
  stop_rung: 'schema_violation',
  stop_target: 'schema_violation',
};
const inOurWords = (failure: Failure): Failure => ({ ...failure, code: WORDS[failure.code] ?? failure.code });

const notFound = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no stop ${id}`,
});
