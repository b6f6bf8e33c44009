import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Clock, type Failure, ok, refuse, type Result, type RunId } from '@writ/kernel';
import { type BudgetRecord, listBudgets, removeBudget, setBudget } from '@writ/policy';
import { recordChangeIn } from '../authority/change-events';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { noRun } from '../frame/not-found';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

@Controller()
export class BudgetsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listBudgets')
  async list(@ThisCall() call: Call<'listBudgets'>): Promise<Result<AnswerOf<'listBudgets'>>> {
    const may = await this.gate.ask(call, { action: 'budget.read', object: { type: 'budget', id: '*' } });
    if (!may.ok) return may;
    const { limit } = call.query;
    const tenant = tenantOf(call);
    const found = await this.database.withTenant(tenant, (tx) =>
      listBudgets(tx, { tenant, limit: limit + 1, ...(call.after === undefined ? {} : { after: call.after }) }),
    );
    const page = found.slice(0, limit);
    return ok({ data: page.map(view), next: found.length > limit ? (page.at(-1)?.id ?? null) : null });
  }

  @Operation('getEffectiveLimits')
  async effective(@ThisCall() call: Call<'getEffectiveLimits'>): Promise<Result<AnswerOf<'getEffectiveLimits'>>> {
    const tenant = tenantOf(call);
    const run = call.query.run as RunId;
    const found = await this.queries.brief(tenant, run);
    if (!found) return refuse(noRun(run));
    const may = await this.gate.ask(
      call,
      { action: 'run.read', object: { type: 'run', id: found.workflow } },
      { action: 'budget.read', object: { type: 'budget', id: '*' } },
    );
    if (!may.ok) return may;
    const limits = await this.queries.limits(tenant, run, this.clock.now());
    return limits ? ok(limits) : refuse(noRun(run));
  }

  @Operation('setBudget')
  set(@ThisCall() call: Call<'setBudget'>): Promise<Result<AnswerOf<'setBudget'>>> {
    const { warn_at: warnAt, ...body } = call.body;
    const { scope, target } = body;
    const object = { type: 'budget', id: target === null ? scope : `${scope}:${target}` } as const;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'setBudget'>>> => {
      const author = callerOf(call).principal.id;
      const done = await setBudget(tx, { ...body, tenant: tenantOf(call), warnAt, author }, recordChangeIn(tx));
      return done.ok ? ok(view(done.value.budget)) : refuse(inOurWords(done.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'budget.set', object }], act });
  }

  @Operation('removeBudget')
  remove(@ThisCall() call: Call<'removeBudget'>): Promise<Result<AnswerOf<'removeBudget'>>> {
    const { id } = call.params;
    const act = async (tx: Tx): Promise<Result<AnswerOf<'removeBudget'>>> => {
      const author = callerOf(call).principal.id;
      const input = { tenant: tenantOf(call), id, reason: call.body.reason, author };
      const done = await removeBudget(tx, input, recordChangeIn(tx));
      return done.ok ? ok(view(done.value.budget)) : refuse(inOurWords(done.failure));
    };
    return this.writes.once(call, { asks: [{ action: 'budget.set', object: { type: 'budget', id } }], act });
  }
}

const WORDS: { readonly [code: string]: string } = {
  budget_not_found: 'not_found',
  budget_shape: 'schema_violation',
};
const inOurWords = (failure: Failure): Failure => ({ ...failure, code: WORDS[failure.code] ?? failure.code });

function view(budget: BudgetRecord): AnswerOf<'setBudget'> {
  const { id, scope, target, dimension, period, limit, crossing, fallback, reserved, spent } = budget;
  return {
    id,
    scope,
    target: target === '' ? null : target,
    dimension,
    period,
    limit,
    warn_at: budget.warnAt,
    crossing,
    fallback,
    reserved,
    spent,
    resets_at: budget.resetsAt === null ? null : new Date(budget.resetsAt).toISOString(),
    set_by: budget.setBy,
    set_at: new Date(budget.setAt).toISOString(),
  };
}
