import { appendTenantEvent } from '@writ/audit';
import { matchesEvent, parseQuery, type QueryNode, type StreamEndReason } from '@writ/contract';
import type { Database } from '@writ/database';
import { generationOf, sequenceOf } from '@writ/engine';
import { canonicalJson, type Clock } from '@writ/kernel';
import { type AnswerOf, type Call, callerOf, tenantOf } from '../frame/call';
import { explorerEvent } from '../search/explorer-event';
import type { Live } from '../tokens';
import type { EventSource, SentEvent } from './event-stream';

type Asked = Call<'listEvents'>;
type LogFollower = ReturnType<Live['logs']['follow']>;
type LogItem = NonNullable<Awaited<ReturnType<LogFollower['next']>>>[number];

/** Events of the log, and how far it was looked at; `gap` when the log was opened anew in between. */
export interface Looked {
  readonly sequence: number;
  readonly items: readonly LogItem[];
  readonly gap: boolean;
}

/** One who follows need not be recorded at every reconnection: a reading goes on for as long as it is taken up again. */
const ONE_READING_MS = 600_000;
const MOST_READINGS = 10_000;

/** The tenant's log, followed: one filter per reader, evaluated here on events that are read once for all of them. */
export class TenantEvents {
  readonly #readings = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly live: Live,
    private readonly clock: Clock,
  ) {}

  /** INVARIANT: that somebody reads evidence is recorded before the first of it is answered. */
  async follow(call: Asked): Promise<EventSource<Looked>> {
    const tenant = tenantOf(call);
    await this.#record(call);
    const head = await this.live.logs.head(tenant);
    const asked = call.lastEventId ?? call.query.after;
    const newest = sequenceOf(head.generation, head.size) - 1;
    const gap = asked !== undefined && generationOf(asked) !== head.generation;
    const after = asked === undefined ? newest : gap ? sequenceOf(head.generation, 0) - 1 : asked;
    return new LogSource(this.live.logs.follow(tenant, head.generation, after), gap ? after : null);
  }

  /** What of it fits the reader's query, as server-sent events; the place moves on also where nothing fits. */
  sent(call: Asked, looked: readonly Looked[]): readonly SentEvent[] {
    const fits = this.#filter(call);
    return looked.flatMap(({ items, sequence, gap }) => {
      const events: SentEvent[] = gap
        ? [
            {
              id: Math.max(sequence, 0),
              event: 'stream.gap',
              data: { reason: 'log_reopened', generation: generationOf(sequence + 1) },
            },
          ]
        : [];
      for (const item of items.filter(fits)) {
        events.push({ id: item.sequence, event: item.shown.event.type, data: explorerEvent(item.shown) });
      }
      const size = (items.at(-1)?.shown.index ?? -1) + 1;
      if (items.length > 0 && events.at(-1)?.id !== sequence)
        events.push({ id: sequence, event: 'log.head', data: { size } });
      return events;
    });
  }

  /** Once: what there is after the reader's place, or the first that comes while it waits. */
  async page(
    call: Asked,
    source: EventSource<Looked>,
    ended: Promise<StreamEndReason>,
  ): Promise<AnswerOf<'listEvents'>> {
    const fits = this.#filter(call);
    const deadline = performance.now() + call.query.wait * 1000;
    const over = ended.then(() => null);
    let last = call.lastEventId ?? call.query.after ?? -1;
    const data: AnswerOf<'listEvents'>['data'][number][] = [];
    while (data.length === 0) {
      const looked = await Promise.race([source.next(Math.max(0, deadline - performance.now())), over]);
      if (!looked || looked.length === 0) break;
      for (const { items, sequence } of looked) {
        last = sequence;
        for (const item of items) {
          if (data.length === call.query.limit) break;
          last = item.sequence;
          if (fits(item)) data.push(explorerEvent(item.shown));
        }
      }
    }
    const { size, generation } = await this.live.logs.head(tenantOf(call));
    const place =
      call.query.after === undefined && call.lastEventId === null && last < 0 ? sequenceOf(generation, size) - 1 : last;
    return { data, size, generation, last: place };
  }

  #filter(call: Asked): (item: LogItem) => boolean {
    const root: QueryNode | null = parseQuery(call.query.filter ?? '', 'audit').root;
    return ({ shown: { event, index, raw } }) =>
      matchesEvent(root, { event: { ...event }, index, raw }, this.clock.now());
  }

  async #record(call: Asked): Promise<void> {
    const caller = callerOf(call);
    const { filter = '' } = call.query;
    const reading = canonicalJson([caller.principal.tenant, caller.key.id, filter]);
    const now = this.clock.now();
    const before = this.#readings.get(reading) ?? -Infinity;
    if (now - before > ONE_READING_MS) {
      await this.database.withTenant(caller.principal.tenant, (tx) =>
        appendTenantEvent(tx, caller.principal.tenant, {
          type: 'access.read',
          actor: caller.principal.id,
          action: 'audit.read',
          object: { type: 'audit', id: '*' },
          trace: call.state.trace.traceId,
          detail: { filter: canonicalJson({ filter }), live: true, request_id: call.state.requestId },
        }),
      );
    }
    this.#readings.delete(reading);
    this.#readings.set(reading, now);
    for (const [oldest] of this.#readings) {
      if (this.#readings.size <= MOST_READINGS) break;
      this.#readings.delete(oldest);
    }
  }
}

/** A follower of the log whose answers say how far they reach, and which tells of a gap first. */
class LogSource implements EventSource<Looked> {
  constructor(
    private readonly follower: LogFollower,
    private gapAt: number | null,
  ) {}

  async next(waitMs: number): Promise<readonly Looked[] | null> {
    if (this.gapAt !== null) {
      const sequence = this.gapAt;
      this.gapAt = null;
      return [{ items: [], sequence, gap: true }];
    }
    const items = await this.follower.next(waitMs);
    const last = items?.at(-1);
    if (items === null) return null;
    return last ? [{ items, sequence: last.sequence, gap: false }] : [];
  }

  close(): void {
    this.follower.close();
  }
}
