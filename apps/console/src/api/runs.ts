import type { ItemOf, ResponseOf } from '@writ/contract';
import { sums } from '../chart/buckets';
import { DEFAULT_FROM } from '../time/range';
import type { Search } from '../url/search';
import { api } from './client';
import { countsOf, windowOf } from './window';

export type ListedRun = ItemOf<'listRuns'>;
export type RunPage = ResponseOf<'listRuns'>;
export type Coverage = RunPage['coverage'];

const PAGE = 100;

const BASES = ['started', 'finished', 'active'] as const;
export type Basis = (typeof BASES)[number];
const SORTS = ['-started', 'started', '-finished', 'finished', '-duration', 'duration'] as const;
export type Sort = (typeof SORTS)[number];

/** Which runs a screen shows: everything of its address that the server is asked with. */
export interface RunsAsked {
  readonly q: string;
  readonly from: string;
  readonly to: string | undefined;
  readonly zone: 'local' | 'utc';
  readonly basis: Basis;
  readonly sort: Sort;
}

export function runsAsked(search: Search, zone: 'local' | 'utc'): RunsAsked {
  return {
    q: search['q'] ?? '',
    from: search['from'] ?? DEFAULT_FROM,
    to: search['to'],
    zone,
    basis: BASES.find((one) => one === search['basis']) ?? 'started',
    sort: SORTS.find((one) => one === search['sort']) ?? '-started',
  };
}

const filterOf = (q: string): { readonly filter?: string } => (q === '' ? {} : { filter: q });

export function fetchRuns(asked: RunsAsked, cursor: string | undefined, signal?: AbortSignal): Promise<RunPage> {
  const { q, basis, sort } = asked;
  const query = { ...filterOf(q), ...windowOf(asked), basis, sort, limit: PAGE, include: 'total' as const };
  return api.runs.list(query, signal ? { signal } : {}).page(cursor);
}

/** The newest page once more, and rows that are already shown as they stand now. */
export async function fetchKnown(ids: readonly string[], signal?: AbortSignal): Promise<readonly ListedRun[]> {
  if (ids.length === 0) return [];
  const query = { filter: `id:${ids.join(',')}`, limit: ids.length };
  return (await api.runs.list(query, signal ? { signal } : {}).page()).data;
}

export async function fetchRunHistogram(asked: RunsAsked, buckets: number, signal: AbortSignal) {
  const basis = asked.basis === 'finished' ? ('finished' as const) : ('started' as const);
  return countsOf(await api.runs.histogram({ ...filterOf(asked.q), ...windowOf(asked), basis, buckets }, { signal }));
}

/** How many runs stand how, whatever the query says of their status. */
export async function fetchStatusCounts(asked: RunsAsked, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  return sums(await fetchRunHistogram(asked, 1, signal));
}

const ASKABLE = ['status', 'workflow', 'initiator', 'agent', 'tool', 'model', 'reason'] as const;

export async function fetchRunValues(field: string, prefix: string, signal: AbortSignal) {
  const known = ASKABLE.find((one) => one === field);
  return known === undefined ? [] : (await api.runs.values({ field: known, prefix, limit: 20 }, { signal })).values;
}
