import { Controller, Inject } from '@nestjs/common';
import { Database } from '@writ/database';
import { ok, refuse, type Result } from '@writ/kernel';
import { outside } from '@writ/policy';
import { type Ask, Gate } from '../authority/gate';
import { Writes } from '../authority/writes';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

type Entry = Awaited<ReturnType<typeof outside.directory.list>>[number];

/** What is known of subjects and resources of applications outside. */
@Controller()
export class DirectoryController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  @Operation('listDirectory')
  async list(@ThisCall() call: Call<'listDirectory'>): Promise<Result<AnswerOf<'listDirectory'>>> {
    const { limit, type } = call.query;
    const may = await this.gate.ask(call, askTo('directory.read', type ?? '*'));
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const [afterType, afterId] = call.after === undefined ? [] : (JSON.parse(call.after) as [string, string]);
    const found = await this.database.withTenant(tenant, (tx) =>
      outside.directory.list(tx, {
        tenant,
        limit: limit + 1,
        ...(type !== undefined && { type }),
        ...(afterType !== undefined && afterId !== undefined && { after: { type: afterType, id: afterId } }),
      }),
    );
    const data = found.slice(0, limit);
    const last = data.at(-1);
    const next = found.length > limit && last ? JSON.stringify([last.type, last.id]) : null;
    return ok({ data: data.map(view), next });
  }

  @Operation('getDirectoryEntry')
  async get(@ThisCall() call: Call<'getDirectoryEntry'>): Promise<Result<AnswerOf<'getDirectoryEntry'>>> {
    const { type, id } = call.query;
    const may = await this.gate.ask(call, askTo('directory.read', type));
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const [entry] = await this.database.withTenant(tenant, (tx) => outside.directory.find(tx, tenant, [{ type, id }]));
    if (entry) return ok(view(entry));
    return refuse({ code: 'not_found', class: 'permanent', message: `the directory knows no ${type} ${id}` });
  }

  @Operation('setDirectory')
  set(@ThisCall() call: Call<'setDirectory'>): Promise<Result<AnswerOf<'setDirectory'>>> {
    const { entries } = call.body;
    return this.writes.once(call, {
      asks: asksFor(entries),
      act: async (tx) => {
        const changed = await outside.directory.set(tx, {
          tenant: tenantOf(call),
          by: callerOf(call).principal.id,
          entries,
        });
        return ok({ changed, unchanged: entries.length - changed });
      },
    });
  }

  @Operation('removeDirectory')
  remove(@ThisCall() call: Call<'removeDirectory'>): Promise<Result<AnswerOf<'removeDirectory'>>> {
    const { entries } = call.body;
    return this.writes.once(call, {
      asks: asksFor(entries),
      act: async (tx) =>
        ok({
          removed: await outside.directory.remove(tx, {
            tenant: tenantOf(call),
            by: callerOf(call).principal.id,
            entries,
          }),
        }),
    });
  }
}

const askTo = (action: 'directory.read' | 'directory.change', id: string): Ask => ({
  action,
  object: { type: 'directory', id },
});

const asksFor = (entries: readonly { readonly type: string }[]): readonly Ask[] =>
  [...new Set(entries.map(({ type }) => type))].map((type) => askTo('directory.change', type));

const view = ({ type, id, properties, setBy, setAt }: Entry): AnswerOf<'getDirectoryEntry'> => ({
  type,
  id,
  properties,
  set_by: setBy,
  set_at: setAt,
});
