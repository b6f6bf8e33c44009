import type { ItemOf, ResponseOf } from '@writ/contract';
import { DEFAULT_FROM } from '../time/range';
import type { Search } from '../url/search';
import { api } from './client';
import { countsOf, windowOf } from './window';

export type ListedEvent = ItemOf<'listAuditEvents'>;
export type EventPage = ResponseOf<'listAuditEvents'>;

const PAGE = 100;

const BY = ['category', 'decision', 'actor'] as const;
export type CountedBy = (typeof BY)[number];

/** Which events a screen shows. */
export interface AuditAsked {
  readonly q: string;
  readonly from: string;
  readonly to: string | undefined;
  readonly zone: 'local' | 'utc';
  readonly sort: 'time' | '-time';
}

export const auditAsked = (search: Search, zone: 'local' | 'utc'): AuditAsked => ({
  q: search['q'] ?? '',
  from: search['from'] ?? DEFAULT_FROM,
  to: search['to'],
  zone,
  sort: search['sort'] === 'time' ? 'time' : '-time',
});

export const countedBy = (search: Search): CountedBy => BY.find((one) => one === search['by']) ?? 'category';

const filterOf = (q: string): { readonly filter?: string } => (q === '' ? {} : { filter: q });

export function fetchEvents(asked: AuditAsked, cursor: string | undefined, signal?: AbortSignal): Promise<EventPage> {
  const query = { ...filterOf(asked.q), ...windowOf(asked), sort: asked.sort, limit: PAGE, include: 'total' as const };
  return api.audit.events(query, signal ? { signal } : {}).page(cursor);
}

export async function fetchAuditHistogram(asked: AuditAsked, by: CountedBy, signal: AbortSignal) {
  return countsOf(await api.audit.histogram({ ...filterOf(asked.q), ...windowOf(asked), by, buckets: 60 }, { signal }));
}

const ASKABLE = ['type', 'actor', 'action', 'object', 'kind', 'decision', 'reason', 'outcome'] as const;

export async function fetchAuditValues(field: string, prefix: string, signal: AbortSignal) {
  const known = ASKABLE.find((one) => one === field);
  return known === undefined ? [] : (await api.audit.values({ field: known, prefix, limit: 20 }, { signal })).values;
}

/** One event by its id, from the list's own source, so that a copied address needs no list around it. */
export async function fetchListed(id: string, signal: AbortSignal): Promise<ListedEvent | null> {
  return (await api.audit.events({ filter: `id:${id}`, limit: 1 }, { signal }).page()).data[0] ?? null;
}
