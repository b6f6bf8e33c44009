import type { ItemOf, ResponseOf } from '@writ/contract';
import { follow, type StreamedEvent } from './follow';
import type { CallOptions, Transport } from './transport';

/** A journal event of a run. */
export type RunStreamEvent = ItemOf<'listRunEvents'>;

/** What a model says before its reply is whole: `text` stands behind the first `from` characters of that attempt’s reply. */
export interface MessageDelta {
  readonly type: 'message_delta';
  readonly step: number;
  readonly attempt: number;
  readonly from: number;
  readonly text: string;
  readonly done: boolean;
}

/** What the tenant’s stream brings: an event of the log, how far the log was looked at, or that it was opened anew. */
export type TenantStreamEvent =
  | { readonly kind: 'event'; readonly id: number; readonly event: ItemOf<'listAuditEvents'> }
  | { readonly kind: 'head'; readonly id: number; readonly size: number }
  | { readonly kind: 'gap'; readonly id: number; readonly generation: number };

/** The types of event that a journal ends with. */
const LAST = new Set(['run_finished', 'run_failed', 'run_cancelled']);

function runPage(answer: unknown) {
  const { data } = answer as ResponseOf<'listRunEvents'>;
  const events = data.map((event): StreamedEvent => ({ id: event.sequence, event: event.type, data: event }));
  return { events, over: LAST.has(data.at(-1)?.type ?? '') };
}

export async function* runStream(
  transport: Transport,
  { target, after }: { readonly target: string; readonly after: number | undefined },
  call?: CallOptions,
): AsyncGenerator<RunStreamEvent> {
  for await (const { data } of follow(transport, { target, after, page: runPage }, call)) yield data as RunStreamEvent;
}

/** A run's events, and between them what its models say while they say it. */
export async function* runWatch(
  transport: Transport,
  { target, after }: { readonly target: string; readonly after: number | undefined },
  call?: CallOptions,
): AsyncGenerator<RunStreamEvent | MessageDelta> {
  for await (const { data } of follow(transport, { target, after, page: runPage }, call))
    yield data as RunStreamEvent | MessageDelta;
}

export async function* tenantStream(
  transport: Transport,
  { target, after }: { readonly target: string; readonly after: number | undefined },
  call?: CallOptions,
): AsyncGenerator<TenantStreamEvent> {
  const page = (answer: unknown) => {
    const { data, last, size, generation } = answer as ResponseOf<'listEvents'>;
    const events = data.map((event): StreamedEvent => ({
      id: placeOf(generation, event.view.index ?? 0),
      event: event.type,
      data: event,
    }));
    if (events.at(-1)?.id !== last) events.push({ id: last, event: 'log.head', data: { size } });
    return { events, over: false };
  };
  for await (const { id, event, data } of follow(transport, { target, after, page }, call)) {
    if (event === 'log.head') yield { kind: 'head', id, ...(data as { size: number }) };
    else if (event === 'stream.gap') yield { kind: 'gap', id, ...(data as { generation: number }) };
    else yield { kind: 'event', id, event: data as ItemOf<'listAuditEvents'> };
  }
}

/** As the contract counts places: the number of an event, plus 2^40 for each time the log was opened anew. */
const placeOf = (generation: number, index: number): number => (generation - 1) * 2 ** 40 + index;
