import { Controller, Inject } from '@nestjs/common';
import { parseQuery } from '@writ/contract';
import type { Predicate } from '@writ/database';
import type { RunTest } from '@writ/engine';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';
import { runPredicate } from '../search/run-predicate';
import { continued, coverageOf, time, windowOf } from '../search/window';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

/** Runs in numbers: searched, counted over time, and by the values of their fields. */
@Controller()
export class RunSearchController {
  constructor(
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listRuns')
  async list(@ThisCall() call: Call<'listRuns'>): Promise<Result<AnswerOf<'listRuns'>>> {
    const { limit, basis, sort, include, status, workflow, filter } = call.query;
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: workflow ?? '*' } });
    if (!may.ok) return may;
    const began = performance.now();
    const { now, at } = continued(call.after, this.clock.now());
    const window = windowOf(call.query, now);
    const also: Predicate<RunTest>[] = [];
    if (status !== undefined) also.push({ test: { field: 'status', name: { is: status } } });
    if (workflow !== undefined) also.push({ test: { field: 'workflow', name: { is: workflow } } });
    const page = await this.queries.search({
      tenant: tenantOf(call),
      window: { basis, ...window },
      where: { all: [predicateOf(filter, now), ...also] },
      now,
      sort,
      limit,
      after: at,
      count: include === 'total' && at === null,
    });
    return ok({
      data: page.data,
      next: page.next === null ? null : JSON.stringify({ now, at: page.next }),
      coverage: coverageOf({ window, now, began, ...page }),
    });
  }

  @Operation('getRunHistogram')
  async histogram(@ThisCall() call: Call<'getRunHistogram'>): Promise<Result<AnswerOf<'getRunHistogram'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const began = performance.now();
    const now = this.clock.now();
    const { basis, buckets, filter } = call.query;
    const window = windowOf(call.query, now);
    const where = predicateOf(filter, now);
    const made = await this.queries.histogram(
      { tenant: tenantOf(call), window: { basis, ...window }, where, now },
      buckets,
    );
    if (!made) return refuse(TOO_MUCH);
    const { from, to, matched, of, bucketMs, sampled } = made;
    return ok({
      from: time(from),
      to: time(to),
      bucket_ms: bucketMs,
      buckets: made.buckets.map(({ at, counts }) => ({ at: time(at), counts })),
      sampled,
      coverage: coverageOf({ window: { from, to }, now, matched, of, reached: null, began }),
    });
  }

  @Operation('listRunValues')
  async values(@ThisCall() call: Call<'listRunValues'>): Promise<Result<AnswerOf<'listRunValues'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const { field, prefix, limit } = call.query;
    const window = { basis: 'started', ...windowOf(call.query, this.clock.now()) } as const;
    const scope = { tenant: tenantOf(call), window };
    const found = await this.queries.values({ scope, field, prefix, limit });
    return ok({ field, ...found });
  }
}

const predicateOf = (filter: string | undefined, now: number): Predicate<RunTest> =>
  runPredicate(parseQuery(filter ?? '', 'runs').root, now);

const TOO_MUCH: Failure = {
  code: 'unavailable',
  class: 'transient',
  message: 'counting this took too long and was stopped',
  next: 'Choose a shorter window, or a query that asks for less.',
};
