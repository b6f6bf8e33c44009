import { appendTenantEvent, type AuditSearch } from '@writ/audit';
import type { Database } from '@writ/database';
import { listKeys } from '@writ/identity';
import { type Clock, idKind, type RunId, timeOfId } from '@writ/kernel';
import { listStops } from '@writ/policy';
import type { Ask, Gate } from '../authority/gate';
import { callerOf, tenantOf } from '../frame/call';
import type { AnyCall } from '../frame/state';
import type { Queries } from '../tokens';
import type { AskedThings, Match } from './asked-things';

const TRACE = /^(?:00-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/i;
/** What an id's maker did is recorded within this time of it: the commit it waits for, and clocks that differ. */
const AROUND_MS = 300_000;
/** A trace holds no time, so the newest are looked at for as long as somebody waits for an answer. */
const PATIENCE_MS = 4_000;
const MOST = 20;

/** Finds what an id names, as far as the caller may read it: what they may not is not there. */
export class Lookup {
  constructor(
    private readonly database: Database,
    private readonly queries: Queries,
    private readonly search: AuditSearch,
    private readonly gate: Gate,
    private readonly clock: Clock,
    private readonly asked: AskedThings,
  ) {}

  async find(call: AnyCall, anything: string): Promise<readonly Match[]> {
    const text = anything.trim();
    const trace = TRACE.exec(text)?.[1]?.toLowerCase();
    if (trace !== undefined) return this.#trace(call, trace);
    switch (idKind(text)) {
      case 'run':
        return this.#run(call, text as RunId);
      case 'decision':
        return this.#decision(call, text);
      case 'event':
        return this.#events(call, text, true);
      case 'approval':
        return this.#orEvidence(call, text, await this.asked.approval(call, text));
      case 'input':
        return this.#orEvidence(call, text, await this.asked.question(call, text));
      case 'review':
        return this.#orEvidence(call, text, await this.asked.review(call, text));
      case 'batch':
        return this.#orEvidence(call, text, await this.asked.batch(call, text));
      case 'stop':
        return this.#stop(call, text);
      case 'key':
        return this.#key(call, text);
      case 'tenant':
        return text === tenantOf(call)
          ? [{ kind: 'tenant', id: text, title: 'your tenant', console: '/', api: '/v1/me' }]
          : [];
      case undefined:
        return [];
      default:
        // Requests, mail and the like have no page of their own: what tells of them is the evidence.
        return this.#events(call, text, false);
    }
  }

  /** What has a page of its own is found there; what the caller may not read is told of by the evidence, if that is theirs to read. */
  async #orEvidence(call: AnyCall, id: string, match: Match | null): Promise<readonly Match[]> {
    return match ? [match] : this.#events(call, id, false);
  }

  async #run(call: AnyCall, run: RunId): Promise<readonly Match[]> {
    const found = await this.queries.brief(tenantOf(call), run);
    if (!found || !(await this.#mayRead(call, found.workflow))) return [];
    return [
      {
        kind: 'run',
        id: run,
        title: `${found.workflow}, ${found.status.replaceAll('_', ' ')}`,
        console: `/runs/${run}`,
        api: `/v1/runs/${run}`,
      },
    ];
  }

  async #decision(call: AnyCall, id: string): Promise<readonly Match[]> {
    const decision = await this.queries.decision(tenantOf(call), id);
    if (!decision) return [];
    const match: Match = { kind: 'decision', id, title: decision.sentence, console: '', api: `/v1/decisions/${id}` };
    if (decision.run !== null) {
      const run = await this.queries.brief(tenantOf(call), decision.run);
      if (!run || !(await this.#mayRead(call, run.workflow))) return [];
      return [{ ...match, console: `/runs/${decision.run}?tab=decisions&dec=${id}` }];
    }
    const own = decision.object['subject'] === callerOf(call).principal.id;
    if (
      !own &&
      !(await this.gate.allows(call, { action: 'decision.explain', object: { type: 'policy', id: 'active' } }))
    )
      return [];
    return [{ ...match, console: `/audit?q=${encodeURIComponent(`"${id}"`)}&from=all` }];
  }

  /** Events by their own id, or those that name another one, around the time the id holds. */
  async #events(call: AnyCall, id: string, own: boolean): Promise<readonly Match[]> {
    if (!(await this.gate.allows(call, { action: 'audit.read', object: { type: 'audit', id: '*' } }))) return [];
    const made = timeOfId(id) ?? this.clock.now();
    const page = await this.search.page({
      tenant: tenantOf(call),
      where: { test: own ? { field: 'id', name: { is: id } } : { field: 'text', contains: id } },
      from: made - AROUND_MS,
      to: made + AROUND_MS,
      order: 'time',
      limit: MOST,
      after: null,
      count: false,
    });
    if (page.data.length > 0) await this.#recordRead(call, { object: own ? id : '*', events: page.data.length });
    return page.data.map(({ event, sentence }) => ({
      kind: 'event' as const,
      id: event.id,
      title: sentence,
      console: `/audit?sel=${event.id}&from=all`,
      api: `/v1/audit/events/${event.id}`,
    }));
  }

  async #stop(call: AnyCall, id: string): Promise<readonly Match[]> {
    if (!(await this.gate.allows(call, { action: 'stop.read', object: { type: 'stop', id: '*' } }))) return [];
    // Newest first and by id: what follows just above it begins with it.
    const asked = { tenant: tenantOf(call), state: 'all', limit: 1, after: `${id}0` } as const;
    const [stop] = await this.database.withTenant(tenantOf(call), (tx) => listStops(tx, asked));
    if (stop?.id !== id) return [];
    const title = `stop of ${[stop.scope, stop.target].join(' ').trim()}${stop.releasedAt === null ? '' : ', released'}`;
    return [
      {
        kind: 'stop',
        id,
        title,
        console: `/audit?q=${encodeURIComponent(`object:${id}`)}&from=all`,
        api: '/v1/stops?state=all',
      },
    ];
  }

  async #key(call: AnyCall, id: string): Promise<readonly Match[]> {
    if (!(await this.gate.allows(call, { action: 'key.manage', object: { type: 'key', id: '*' } }))) return [];
    const tenant = tenantOf(call);
    const { data } = await this.database.withTenant(tenant, (tx) =>
      listKeys(tx, tenant, { limit: 1, after: `${id}0` }),
    );
    const [key] = data;
    if (key?.id !== id) return [];
    return [
      {
        kind: 'key',
        id,
        title: `key of ${key.principal}: ${key.label}`,
        console: `/audit?q=${encodeURIComponent(`object:${id}`)}&from=all`,
        api: '/v1/api-keys',
      },
    ];
  }

  async #trace(call: AnyCall, trace: string): Promise<readonly Match[]> {
    const tenant = tenantOf(call);
    const until = performance.now() + PATIENCE_MS;
    const matches: Match[] = [];
    for (let after: string | null = null; ;) {
      const page = await this.queries.search({
        tenant,
        window: { basis: 'started', from: null, to: null },
        where: { test: { field: 'trace', name: { is: trace } } },
        now: this.clock.now(),
        sort: '-started',
        limit: MOST,
        after,
        count: false,
      });
      for (const { id } of page.data) matches.push(...(await this.#run(call, id)));
      after = page.next;
      if (after === null || matches.length > 0 || performance.now() > until) break;
    }
    return matches;
  }

  /** Without what was looked for: the next look-up of it would find this one. */
  #recordRead(call: AnyCall, read: { readonly object: string; readonly events: number }): Promise<void> {
    const { tenant, id: actor } = callerOf(call).principal;
    return this.database.withTenant(tenant, (tx) =>
      appendTenantEvent(tx, tenant, {
        type: 'access.read',
        actor,
        action: 'audit.read',
        object: { type: 'audit', id: read.object },
        trace: call.state.trace.traceId,
        detail: { events: read.events, lookup: true, request_id: call.state.requestId },
      }),
    );
  }

  #mayRead(call: AnyCall, workflow: string): Promise<boolean> {
    const ask: Ask = { action: 'run.read', object: { type: 'run', id: workflow } };
    return this.gate.allows(call, ask);
  }
}
