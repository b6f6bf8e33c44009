import { type InfiniteData, keepPreviousData, type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

interface AnyPage {
  readonly data: readonly unknown[];
  readonly next_cursor: string | null;
}

interface Fetching<P> {
  /** The page that a cursor leads to; without one, the first. */
  readonly page: (cursor: string | undefined, signal: AbortSignal) => Promise<P>;
  /** How often to look again, in milliseconds; never unless told. */
  readonly refetchInterval?: number;
  readonly staleTime?: number;
  readonly gcTime?: number;
  /** While another list is fetched, the one before stays in sight. */
  readonly keepsPrevious?: boolean;
}

/** A list that is fetched page by page, and the rows of all pages so far. */
export function usePages<P extends AnyPage>(
  queryKey: QueryKey,
  { page, keepsPrevious = false, ...times }: Fetching<P>,
) {
  const query = useInfiniteQuery<P, Error, InfiniteData<P>, QueryKey, string | undefined>({
    ...times,
    queryKey,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    ...(keepsPrevious && { placeholderData: keepPreviousData }),
  });
  const rows: readonly P['data'][number][] = useMemo(
    () => query.data?.pages.flatMap(({ data }) => data) ?? [],
    [query.data],
  );
  return { query, rows };
}
