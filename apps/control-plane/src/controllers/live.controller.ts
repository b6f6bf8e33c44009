import { Controller, Inject } from '@nestjs/common';
import { ok, refuse, type Result, type RunId } from '@writ/kernel';
import { type Ask, Gate } from '../authority/gate';
import type { Raw } from '../frame/answer';
import { type AnswerOf, type Call, Operation, tenantOf, ThisCall } from '../frame/call';
import { noRun } from '../frame/not-found';
import { invalidQuery } from '../frame/problem';
import { type SentEvent, streamed, wantsStream } from '../live/event-stream';
import { Streams } from '../live/streams';
import { TenantEvents } from '../live/tenant-events';
import { type Live, LIVE, type Queries, RUN_QUERIES } from '../tokens';

/** What happens, as it happens: the same events as a list, as one that waits for the next, and as a stream. */
@Controller()
export class LiveController {
  constructor(
    @Inject(RUN_QUERIES) private readonly queries: Queries,
    @Inject(LIVE) private readonly live: Live,
    @Inject(Gate) private readonly gate: Gate,
    @Inject(Streams) private readonly streams: Streams,
    @Inject(TenantEvents) private readonly tenantEvents: TenantEvents,
  ) {}

  @Operation('listRunEvents')
  async run(@ThisCall() call: Call<'listRunEvents'>): Promise<Result<AnswerOf<'listRunEvents'> | Raw>> {
    const tenant = tenantOf(call);
    const id = call.params.id as RunId;
    const found = await this.queries.brief(tenant, id);
    if (!found) return refuse(noRun(id));
    const ask: Ask = { action: 'run.read', object: { type: 'run', id: found.workflow } };
    const may = await this.gate.ask(call, ask);
    if (!may.ok) return may;
    if (call.after !== undefined && call.query.after !== undefined) return refuse(TWO_PLACES);
    const after = call.lastEventId ?? call.query.after ?? (call.after === undefined ? -1 : Number(call.after));
    if (wantsStream(call) || call.query.wait > 0) {
      const stream = this.streams.open(call, ask);
      if (!stream.ok) return stream;
      const said = wantsStream(call) && call.query.deltas === 'true';
      const following = said ? this.live.runs.watch(tenant, id, after) : this.live.runs.follow(tenant, id, after);
      const follower = await following.catch((error: unknown) => {
        stream.value.close();
        throw error;
      });
      if (!follower) throw new Error(`run ${id} has no journal`);
      if (wantsStream(call)) return streamed<Told>(follower, stream.value, (items) => items.map(sent));
      await Promise.race([follower.next(call.query.wait * 1000), stream.value.ended]);
      follower.close();
      stream.value.close();
    }
    const page = await this.queries.events(tenant, id, { limit: call.query.limit, after });
    return page ? ok(page) : refuse(noRun(id));
  }

  @Operation('listEvents')
  async tenant(@ThisCall() call: Call<'listEvents'>): Promise<Result<AnswerOf<'listEvents'> | Raw>> {
    const ask: Ask = { action: 'audit.read', object: { type: 'audit', id: '*' } };
    const may = await this.gate.ask(call, ask);
    if (!may.ok) return may;
    const stream = this.streams.open(call, ask);
    if (!stream.ok) return stream;
    try {
      const source = await this.tenantEvents.follow(call);
      if (wantsStream(call)) return streamed(source, stream.value, (items) => this.tenantEvents.sent(call, items));
      const answer = await this.tenantEvents.page(call, source, stream.value.ended);
      source.close();
      stream.value.close();
      return ok(answer);
    } catch (error) {
      stream.value.close();
      throw error;
    }
  }
}

type Told =
  Awaited<ReturnType<NonNullable<Awaited<ReturnType<Live['runs']['watch']>>>['next']>> extends
    readonly (infer T)[] | null
    ? T
    : never;

/** What is said has no place in the journal, hence no id: a reader who comes back goes on behind the last event. */
const sent = (item: Told): SentEvent =>
  'sequence' in item
    ? { id: item.sequence as number, event: item.type, data: item }
    : { id: null, event: 'message.delta', data: item };

const TWO_PLACES = invalidQuery('after', 'a cursor says where to go on already: send one of both');
