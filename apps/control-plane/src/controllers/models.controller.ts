import { Controller, Inject } from '@nestjs/common';
import { Database, type Tx } from '@writ/database';
import { type Failure, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { listBudgets } from '@writ/policy';
import {
  type DefinitionRow,
  getDefinition,
  listDefinitions,
  type ModelDefinition,
  newestDefinitions,
  publish,
} from '@writ/registry';
import { Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

type Model = AnswerOf<'listModels'>['data'][number];
type Detail = AnswerOf<'getModel'>;

/** What is shown of a model's past at most. */
const MOST_VERSIONS = 50;

/** Models as those see them who answer for what they cost. */
@Controller()
export class ModelsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('listModels')
  async list(@ThisCall() call: Call<'listModels'>): Promise<Result<AnswerOf<'listModels'>>> {
    const may = await this.gate.ask(call, READ);
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    return this.database.withTenant(tenant, async (tx) => {
      const { limit } = call.query;
      const { data, next } = await listDefinitions(tx, { tenant, kind: 'model', limit, after: call.after });
      const around = await aroundModels(tx, tenant);
      const models: Model[] = [];
      for (const { name, digest } of data) {
        const found = await oneModel(tx, tenant, { name, digest });
        if (found) models.push(view(found, around));
      }
      return ok({ data: models, next });
    });
  }

  @Operation('getModel')
  async get(@ThisCall() call: Call<'getModel'>): Promise<Result<Detail>> {
    const may = await this.gate.ask(call, READ);
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    return this.database.withTenant(tenant, (tx) => detailOf(tx, tenant, call.params.name));
  }

  @Operation('setModelPrice')
  setPrice(@ThisCall() call: Call<'setModelPrice'>): Promise<Result<Detail>> {
    const { name } = call.params;
    const tenant = tenantOf(call);
    const act = async (tx: Tx): Promise<Result<Detail>> => {
      const found = await oneModel(tx, tenant, { name });
      if (!found) return refuse(noModel(name));
      const { price: _before, ...rest } = found.definition;
      const { price } = call.body;
      const document = { ...rest, ...(price && { price }) };
      const author = callerOf(call).principal.id;
      const published = await publish(tx, { tenant, author, documents: [document] });
      if (!published.ok) return refuse({ ...published.failure, code: 'schema_violation' });
      return detailOf(tx, tenant, name);
    };
    return this.writes.once(call, { asks: [{ action: 'model.change', object: { type: 'model', id: name } }], act });
  }
}

const READ = { action: 'budget.read', object: { type: 'budget', id: '*' } } as const;

type Stored = DefinitionRow & { readonly definition: ModelDefinition };

async function oneModel(
  tx: Tx,
  tenant: TenantId,
  key: { readonly name: string; readonly digest?: string },
): Promise<Stored | null> {
  const found = await getDefinition(tx, { tenant, kind: 'model', ...key });
  return found?.definition.kind === 'model' ? { ...found, definition: found.definition } : null;
}

async function detailOf(tx: Tx, tenant: TenantId, name: string): Promise<Result<Detail>> {
  const newest = await oneModel(tx, tenant, { name });
  if (!newest) return refuse(noModel(name));
  const versions: Stored[] = [];
  for (let version = newest.version; version > 0 && versions.length < MOST_VERSIONS; version--) {
    const found = await getDefinition(tx, { tenant, kind: 'model', name, version });
    if (found?.definition.kind === 'model') versions.push({ ...found, definition: found.definition });
  }
  return ok({ ...view(newest, await aroundModels(tx, tenant)), versions: versions.map(versionOf) });
}

/** By model: the agents that use it, and the budgets that name it. */
interface Around {
  readonly agents: ReadonlyMap<string, readonly string[]>;
  readonly budgets: ReadonlyMap<string, readonly string[]>;
}

async function aroundModels(tx: Tx, tenant: TenantId): Promise<Around> {
  const agents = new Map<string, string[]>();
  for (const { definition } of await newestDefinitions(tx, tenant)) {
    if (definition.kind === 'agent') put(agents, definition.model, definition.name);
  }
  const budgets = new Map<string, string[]>();
  for (const { scope, target, id } of await listBudgets(tx, { tenant })) {
    if (scope === 'model') put(budgets, target, id);
  }
  return { agents, budgets };
}

function put(into: Map<string, string[]>, key: string, value: string): void {
  into.set(key, [...(into.get(key) ?? []), value]);
}

const versionOf = ({ version, digest, author, created_at, definition }: Stored): Detail['versions'][number] => ({
  version,
  digest,
  price: priceOf(definition),
  author,
  created_at,
});

function priceOf({ price }: ModelDefinition): Model['price'] {
  if (!price) return null;
  const { cached_input_micros: cached, ...rest } = price;
  return { ...rest, ...(cached !== undefined && { cached_input_micros: cached }) };
}

function view(found: Stored, { agents, budgets }: Around): Model {
  const { definition } = found;
  return {
    name: found.name,
    ...versionOf(found),
    vendor_model: definition.model,
    protocol: definition.protocol,
    base_url_env: definition.base_url_env,
    timeout_ms: definition.timeout_ms,
    max_attempts: definition.max_attempts,
    concurrency: definition.limits?.concurrency ?? null,
    requests_per_minute: definition.limits?.requests_per_minute ?? null,
    agents: agents.get(found.name) ?? [],
    budgets: (budgets.get(found.name) ?? []) as Model['budgets'],
  };
}

const noModel = (name: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no model ${name}`,
  next: 'List those there are with `writ models list`.',
});
