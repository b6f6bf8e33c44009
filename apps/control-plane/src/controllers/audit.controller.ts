import { Controller, Inject } from '@nestjs/common';
import { appendTenantEvent, AuditSearch, type AuditTest } from '@writ/audit';
import { parseQuery } from '@writ/contract';
import { Database, type Predicate } from '@writ/database';
import { canonicalJson, type Clock, type Failure, type Json, ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import type { AnyCall } from '../frame/state';
import { auditPredicate } from '../search/audit-predicate';
import { explorerEvent } from '../search/explorer-event';
import { continued, coverageOf, time, windowOf } from '../search/window';
import { CLOCK } from '../tokens';

/** The evidence, read. INVARIANT: that it was read is recorded before anything of it is answered. */
@Controller()
export class AuditController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuditSearch) private readonly search: AuditSearch,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listAuditEvents')
  async list(@ThisCall() call: Call<'listAuditEvents'>): Promise<Result<AnswerOf<'listAuditEvents'>>> {
    const may = await this.gate.ask(call, {
      action: 'audit.read',
      object: { type: 'audit', id: call.query.run ?? '*' },
    });
    if (!may.ok) return may;
    const began = performance.now();
    const { limit, sort, include, filter, cursor: _cursor, ...asked } = call.query;
    const { now, at } = continued(call.after, this.clock.now());
    const window = windowOf(call.query, now);
    const page = await this.search.page({
      tenant: tenantOf(call),
      where: { all: [predicateOf(filter, now), ...named(asked)] },
      ...window,
      order: sort,
      limit,
      after: at,
      count: include === 'total' && at === null,
    });
    await this.recordRead(call, { events: page.data.length });
    return ok({
      data: page.data.map(explorerEvent),
      next: page.next === null ? null : JSON.stringify({ now, at: page.next }),
      coverage: coverageOf({ window, now, began, ...page }),
    });
  }

  @Operation('getAuditHistogram')
  async histogram(@ThisCall() call: Call<'getAuditHistogram'>): Promise<Result<AnswerOf<'getAuditHistogram'>>> {
    const may = await this.gate.ask(call, { action: 'audit.read', object: { type: 'audit', id: '*' } });
    if (!may.ok) return may;
    const began = performance.now();
    const now = this.clock.now();
    const { filter, buckets, by } = call.query;
    const scope = { tenant: tenantOf(call), where: predicateOf(filter, now), ...windowOf(call.query, now) };
    const made = await this.search.histogram(scope, buckets, by);
    if (!made) return refuse(TOO_MUCH);
    await this.recordRead(call, { buckets: made.buckets.length });
    const { from, to, bucketMs, sampled, of, matched } = made;
    return ok({
      from: time(from),
      to: time(to),
      bucket_ms: bucketMs,
      buckets: made.buckets.map(({ at, counts }) => ({ at: time(at), counts })),
      sampled,
      coverage: coverageOf({ window: { from, to }, now, matched, of, reached: null, began }),
    });
  }

  @Operation('listAuditValues')
  async values(@ThisCall() call: Call<'listAuditValues'>): Promise<Result<AnswerOf<'listAuditValues'>>> {
    const may = await this.gate.ask(call, { action: 'audit.read', object: { type: 'audit', id: '*' } });
    if (!may.ok) return may;
    const { field, prefix, limit } = call.query;
    const window = windowOf(call.query, this.clock.now());
    const found = await this.search.values({ tenant: tenantOf(call), ...window, field, prefix, limit });
    await this.recordRead(call, { values: found.values.length });
    return ok({ field, ...found });
  }

  private async recordRead(call: AnyCall, got: { readonly [what: string]: number }): Promise<void> {
    const { limit: _limit, cursor: _cursor, sort: _sort, ...asked } = call.query as { readonly [name: string]: Json };
    const { run } = asked;
    await this.database.withTenant(tenantOf(call), (tx) =>
      appendTenantEvent(tx, tenantOf(call), {
        type: 'access.read',
        actor: callerOf(call).principal.id,
        action: 'audit.read',
        object: { type: 'audit', id: typeof run === 'string' ? run : '*' },
        trace: call.state.trace.traceId,
        detail: { filter: canonicalJson(asked), ...got, request_id: call.state.requestId },
      }),
    );
  }
}

const predicateOf = (filter: string | undefined, now: number): Predicate<AuditTest> =>
  auditPredicate(parseQuery(filter ?? '', 'audit').root, now);

/** The parameters that are older than queries, and mean one field each. */
function named(asked: {
  readonly run?: string;
  readonly type?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly verdict?: string;
}): Predicate<AuditTest>[] {
  const { run, type, actor, action, verdict } = asked;
  return Object.entries({ run, type, actor, action, decision: verdict }).flatMap(([field, is]) =>
    is === undefined ? [] : [{ test: { field, name: { is } } as AuditTest }],
  );
}

const TOO_MUCH: Failure = {
  code: 'unavailable',
  class: 'transient',
  message: 'counting this took too long and was stopped',
  next: 'Choose a shorter window, or a query that asks for less.',
};
