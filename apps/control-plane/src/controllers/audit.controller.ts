import { Controller, Inject } from '@nestjs/common';
import { appendTenantEvent, type AuditFilter, auditEvents } from '@writ/audit';
import { Database } from '@writ/database';
import { canonicalJson, type Json, ok, type Result, type RunId } from '@writ/kernel';
import { Gate } from '../authority/gate';
import { type AnswerOf, type Call, callerOf, Operation, tenantOf, ThisCall } from '../frame/call';

@Controller()
export class AuditController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Gate) private readonly gate: Gate,
  ) {}

  /** The page and the record that it was read are one transaction: evidence is never seen without evidence of it. */
  @Operation('listAuditEvents')
  async list(@ThisCall() call: Call<'listAuditEvents'>): Promise<Result<AnswerOf<'listAuditEvents'>>> {
    const may = await this.gate.ask(call, {
      action: 'audit.read',
      object: { type: 'audit', id: call.query.run ?? '*' },
    });
    if (!may.ok) return may;
    const tenant = tenantOf(call);
    const { limit, cursor: _cursor, ...asked } = call.query;
    const from = call.after === undefined ? null : (JSON.parse(call.after) as Continued);
    const page = await this.database.withTenant(tenant, async (tx) => {
      // As text: a Date has milliseconds, and would cut off what was recorded in the same one.
      const [moment] = from
        ? [from]
        : await tx.query<{ until: string }>(`SELECT least(now(), $1::timestamptz)::text AS until`, [asked.to ?? null]);
      const until = moment!.until;
      const { run, ...filter } = asked;
      const read = await auditEvents(tx, tenant, {
        filter: {
          ...filter,
          ...(run === undefined ? {} : { run: run as RunId | 'tenant' }),
          // The first page shows what is there now; later pages stop where it stopped, because every page read adds an
          // event and a reader of small pages would otherwise never reach the end.
          ...(from ? { to: until } : {}),
        } satisfies AuditFilter,
        limit,
        ...(from ? { after: from.after } : {}),
      });
      await appendTenantEvent(tx, tenant, {
        type: 'access.read',
        actor: callerOf(call).principal.id,
        action: 'audit.read',
        object: { type: 'audit', id: call.query.run ?? '*' },
        trace: call.state.trace.traceId,
        detail: {
          filter: canonicalJson(asked as { [name: string]: Json }),
          events: read.data.length,
          request_id: call.state.requestId,
        },
      });
      const next: Continued | null = read.next === null ? null : { after: read.next, until };
      return { data: read.data, next: next && JSON.stringify(next) };
    });
    return ok({ data: page.data.map((event) => ({ ...event })), next: page.next });
  }
}

/** Where an audit listing goes on, and the moment of its first page, beyond which it does not go. */
interface Continued {
  readonly after: string;
  readonly until: string;
}
