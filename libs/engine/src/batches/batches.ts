import {
  canonicalJson,
  type Clock,
  type Failure,
  isId,
  newId,
  ok,
  refuse,
  type Result,
  type TenantId,
  type WorkerId,
} from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import { setBudget } from '@writ/policy';
import { getDefinition } from '@writ/registry';
import type { Page, RunCommandsApi } from '../api';
import type { WakeUp } from '../wake-up';
import { BatchPump } from './pump';
import { batchRow, batchRows, cancelBatch, insertBatch, itemRows } from './rows';
import { type Batch, type BatchesApi, type BatchItem, type NewBatch, SHARED_DIMENSIONS } from './types';

/** Many inputs to one workflow, each a run of its own, under one budget. `BatchPump` starts them. */
export class Batches implements BatchesApi {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly commands: Pick<RunCommandsApi, 'start'>,
    private readonly wakeUp: WakeUp,
  ) {}

  /** What starts the runs of batches: one for each process, and the row of each batch says whose it is. */
  pumpFor(worker: WorkerId): BatchPump {
    return new BatchPump(this.db, { commands: this.commands, wakeUp: this.wakeUp }, worker);
  }

  async create(tx: Tx, made: NewBatch): Promise<Result<Batch>> {
    const { tenant, caller, workflow, concurrency, start, budget = {} } = made;
    const items = made.items.map(({ key, input }, i) => ({ key: key ?? String(i), input: canonicalJson(input) }));
    const keys = new Set<string>();
    const twice = items.find(({ key }) => keys.size === keys.add(key).size);
    if (twice) return refuse(invalid(`two items have the key ${twice.key}`, '/items'));
    // One version for all of them, also for those that start tomorrow.
    const definition = await getDefinition(tx, { tenant, kind: 'workflow', name: workflow, version: made.version });
    if (!definition) return refuse(unknownWorkflow(workflow, made.version));
    const id = newId('batch', this.clock.now());
    const { version } = definition;
    await insertBatch(tx, {
      tenant,
      id,
      workflow,
      version,
      principal: caller,
      start: canonicalJson({ ...start }),
      concurrency,
      items,
    });
    for (const dimension of SHARED_DIMENSIONS) {
      const limit = budget[dimension];
      if (limit === undefined) continue;
      const shared = { tenant, scope: 'batch', target: id, dimension, period: 'total', limit } as const;
      const set = await setBudget(tx, { ...shared, reason: 'the budget of a batch', author: caller.id });
      if (!set.ok) return set;
    }
    await appendTenantEvent(tx, tenant, {
      type: 'batch.created',
      actor: caller.id,
      object: { type: 'batch', id },
      detail: { workflow, version, items: items.length, concurrency, budget: canonicalJson({ ...budget }) },
    });
    return ok((await batchRow(tx, tenant, id))!);
  }

  async cancel(tx: Tx, change: Parameters<BatchesApi['cancel']>[1]): Promise<Result<Batch>> {
    const { tenant, id, by, reason } = change;
    const cancelled = await cancelBatch(tx, { tenant, id, by: by.id, reason });
    const batch = await batchRow(tx, tenant, id);
    if (!batch) return refuse(noBatch(id));
    if (!cancelled) return refuse(conflict(`the batch is ${batch.status}`));
    await appendTenantEvent(tx, tenant, {
      type: 'batch.cancelled',
      actor: by.id,
      object: { type: 'batch', id },
      detail: { workflow: batch.workflow, reason, skipped: batch.counts.skipped ?? 0 },
    });
    return ok(batch);
  }

  async get(tenant: TenantId, id: string): Promise<Batch | null> {
    return isId('batch', id) ? this.db.withTenant(tenant, (tx) => batchRow(tx, tenant, id)) : null;
  }

  async list(tenant: TenantId, { limit, after }: Parameters<BatchesApi['list']>[1]): Promise<Page<Batch>> {
    const rows = await this.db.withTenant(tenant, (tx) =>
      batchRows(tx, tenant, { limit: limit + 1, ...(after !== undefined && { after }) }),
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  async items(
    tenant: TenantId,
    id: string,
    { limit, after, state }: Parameters<BatchesApi['items']>[2],
  ): Promise<Page<BatchItem> | null> {
    if (!(await this.get(tenant, id))) return null;
    const wanted = { tenant, id, limit: limit + 1, ...(after !== undefined && { after: Number(after) }) };
    const rows = await this.db.withTenant(tenant, (tx) => itemRows(tx, { ...wanted, ...(state && { state }) }));
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? String(data.at(-1)!.place) : null };
  }
}

const invalid = (message: string, pointer: string): Failure => ({
  code: 'schema_violation',
  class: 'permanent',
  message,
  details: { [pointer]: message },
});

const unknownWorkflow = (workflow: string, version: number | undefined): Failure => ({
  code: 'workflow_unknown',
  class: 'permanent',
  message: `no workflow ${workflow}${version === undefined ? '' : ` version ${version}`} is published`,
  next: 'Publish it, or start one that `writ config workflows` shows.',
  details: { workflow, version: version ?? null },
});

const noBatch = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no batch ${id}`,
  next: 'List them with `writ batches list`.',
});

const conflict = (message: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message,
  next: 'Look at it again with `writ batches show`.',
});
