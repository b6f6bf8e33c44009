import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result } from '@writ/kernel';
import { type BudgetRecord, listBudgets, removeBudget, setBudget } from '@writ/policy';
import { recordChangeIn } from '../authority/change-events';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

@Controller()
export class BudgetsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
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
