import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { usePages } from '../list/usePages';
import { useRefreshed } from '../live/useRefreshed';
import { useMay } from '../session/useTenant';

export const REVIEWS_KEY = ['reviews'] as const;
/** Counted for the badge at most. */
const MOST_COUNTED = 100;

/** Runs that were drawn for people to look at, kept true by the tenant's log. */
export function useReviews(state: 'open' | 'decided' | 'all') {
  const { query, rows } = usePages([...REVIEWS_KEY, 'list', state], {
    page: (cursor, signal) => api.reviews.list({ state, limit: 100 }, { signal }).page(cursor),
    refetchInterval: 15_000,
  });
  const refresh = useRefreshed(REVIEWS_KEY, 'type:review.*');
  return { query, refresh, rows };
}

/** How many open reviews whoever is signed in may decide. */
export function useOpen() {
  const may = useMay('review.read');
  return useQuery({
    queryKey: [...REVIEWS_KEY, 'count'],
    queryFn: async ({ signal }) => {
      const { data } = await api.reviews.list({ limit: MOST_COUNTED }, { signal }).page();
      return data.filter((one) => one.may_review).length;
    },
    enabled: may,
    refetchInterval: 30_000,
    staleTime: 15_000,
  });
}
