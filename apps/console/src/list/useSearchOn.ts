import { useEffect } from 'react';

/** As much as this asks of a search that is answered in parts. */
interface Parts {
  readonly isSuccess: boolean;
  readonly isPlaceholderData: boolean;
  readonly isFetching: boolean;
  readonly hasNextPage: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

/**
 * A search stops after a while, also when it has found nothing yet: it then goes on by itself until it found something, or
 * has looked through the window. True meanwhile: nothing may be said to be missing.
 */
export function useSearchOn(query: Parts, found: number): boolean {
  const { fetchNextPage, isFetching } = query;
  const goesOn = query.isSuccess && !query.isPlaceholderData && query.hasNextPage && found === 0;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);
  return goesOn;
}
