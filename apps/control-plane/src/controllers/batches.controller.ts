import { Controller, Inject } from '@nestjs/common';
import type { Tx } from '@writ/database';
import { ok, refuse, type Result } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';
import { mandateOf } from '../frame/mandate';
import { BATCHES, type Batches } from '../tokens';

type Batch = NonNullable<Awaited<ReturnType<Batches['get']>>>;
type NewBatch = Parameters<Batches['create']>[1];

/** Many inputs to one workflow. The policy knows a batch by its workflow, as it knows runs. */
@Controller()
export class BatchesController {
  constructor(
    @Inject(BATCHES) private readonly batches: Batches,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('createBatch')
  create(@ThisCall() call: Call<'createBatch'>): Promise<Result<AnswerOf<'createBatch'>>> {
    const act = async (tx: Tx): Promise<Result<AnswerOf<'createBatch'>>> => {
      const made = await this.batches.create(tx, newBatch(call));
      return made.ok ? ok(view(made.value)) : made;
    };
    const object = { type: 'workflow', id: call.body.workflow } as const;
    return this.writes.once(call, { asks: [{ action: 'run.start', object }], act });
  }

  @Operation('listBatches')
  async list(@ThisCall() call: Call<'listBatches'>): Promise<Result<AnswerOf<'listBatches'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const { data, next } = await this.batches.list(tenantOf(call), pageOf(call));
    return ok({ data: data.map(view), next });
  }

  @Operation('getBatch')
  async get(@ThisCall() call: Call<'getBatch'>): Promise<Result<AnswerOf<'getBatch'>>> {
    const batch = await this.readable(call);
    return batch.ok ? ok(view(batch.value)) : batch;
  }

  @Operation('listBatchItems')
  async items(@ThisCall() call: Call<'listBatchItems'>): Promise<Result<AnswerOf<'listBatchItems'>>> {
    const batch = await this.readable(call);
    if (!batch.ok) return batch;
    const { state } = call.query;
    const query = { ...pageOf(call), ...(state === undefined ? {} : { state }) };
    const page = await this.batches.items(tenantOf(call), batch.value.id, query);
    return page ? ok(page) : refuse(noBatch(call.params.id));
  }

  @Operation('cancelBatch')
  async cancel(@ThisCall() call: Call<'cancelBatch'>): Promise<Result<AnswerOf<'cancelBatch'>>> {
    const batch = await this.batches.get(tenantOf(call), call.params.id);
    if (!batch) return refuse(noBatch(call.params.id));
    const { principal: by } = callerOf(call);
    const change = { tenant: by.tenant, id: batch.id, by, reason: call.body.reason };
    const act = async (tx: Tx): Promise<Result<AnswerOf<'cancelBatch'>>> => {
      const done = await this.batches.cancel(tx, change);
      return done.ok ? ok(view(done.value)) : done;
    };
    return this.writes.once(call, {
      asks: [{ action: 'run.cancel', object: { type: 'run', id: batch.workflow } }],
      act,
    });
  }

  private async readable(call: Call<'getBatch'> | Call<'listBatchItems'>): Promise<Result<Batch>> {
    const batch = await this.batches.get(tenantOf(call), call.params.id);
    if (!batch) return refuse(noBatch(call.params.id));
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: batch.workflow } });
    return may.ok ? ok(batch) : may;
  }
}

const pageOf = (call: Call<'listBatches'> | Call<'listBatchItems'>) => ({
  limit: call.query.limit,
  ...(call.after === undefined ? {} : { after: call.after }),
});

const noBatch = (id: string) =>
  ({ code: 'not_found', class: 'permanent', message: `there is no batch ${id}` }) as const;

function newBatch(call: Call<'createBatch'>): NewBatch {
  const { workflow, version, items, budget, concurrency, mandate, priority } = call.body;
  const { item_budget: itemBudget, deadline_ms: deadlineMs } = call.body;
  const { principal: caller } = callerOf(call);
  return {
    tenant: caller.tenant,
    caller,
    workflow,
    items,
    concurrency,
    ...(version === undefined ? {} : { version }),
    ...(budget === undefined ? {} : { budget }),
    start: {
      ...(mandate === undefined ? {} : { mandate: mandate === null ? null : mandateOf(mandate) }),
      ...(itemBudget === undefined ? {} : { budget: itemBudget }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(priority === undefined ? {} : { priority }),
    },
  };
}

const view = ({ createdAt, finishedAt, ...batch }: Batch): AnswerOf<'getBatch'> => ({
  ...batch,
  created_at: new Date(createdAt).toISOString(),
  finished_at: finishedAt === null ? null : new Date(finishedAt).toISOString(),
});
