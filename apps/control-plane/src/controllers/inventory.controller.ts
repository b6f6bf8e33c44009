import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { type Clock, ok, type Result } from '@writ/kernel';
import { AuthorityStore } from '@writ/policy';
import { governing } from '@writ/registry';
import { Gate } from '../authority/gate';
import { entryOf } from '../authority/inventory';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';
import { CLOCK, type Queries, RUN_QUERIES } from '../tokens';

/** What may run, who answers for it, and how risky it is. */
@Controller()
export class InventoryController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(AuthorityStore) private readonly authority: AuthorityStore,
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Operation('listInventory')
  async list(@ThisCall() call: Call<'listInventory'>): Promise<Result<AnswerOf<'listInventory'>>> {
    const may = await this.gate.ask(call, { action: 'run.read', object: { type: 'run', id: '*' } });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const { limit, kind, tier, owner, lapsed } = call.query;
    // What was put in force a moment ago counts: nobody is shown as free to act who is blocked.
    const { snapshot } = await this.authority.refresh(tenant);
    const all = await this.database.withTenant(tenant, (tx) => governing.inventory(tx, tenant));
    const used = await this.queries.lastUsed(tenant);
    const now = this.clock.now();
    const found = all
      .map((one) => entryOf(one, { snapshot, used, now }))
      .filter(
        (one) =>
          (kind === undefined || one.kind === kind) &&
          (tier === undefined || one.tier === tier) &&
          (owner === undefined || one.owner === owner) &&
          (lapsed === undefined || one.lapses.length > 0 === (lapsed === 'true')) &&
          (call.after === undefined || call.after === null || `${one.kind} ${one.name}` > call.after),
      )
      .sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
    const data = found.slice(0, limit);
    const last = data.at(-1);
    return ok({ data, next: found.length > limit && last ? `${last.kind} ${last.name}` : null });
  }
}
