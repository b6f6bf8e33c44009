import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { api } from '../api/client';
import { pillStore } from '../live/pill-store';
import { useTenantStream } from '../live/useTenantStream';
import { useMay } from '../session/useTenant';

export const REVIEWS_KEY = ['reviews'] as const;
const GATHER_MS = 400;
/** Counted for the badge at most. */
const MOST_COUNTED = 100;

/** Runs that were drawn for people to look at, kept true by the tenant's log. */
export function useReviews(state: 'open' | 'decided' | 'all') {
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: [...REVIEWS_KEY, 'list', state],
    queryFn: ({ pageParam, signal }) => api.reviews.list({ state, limit: 100 }, { signal }).page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: 15_000,
  });
  const refresh = useCallback(() => client.invalidateQueries({ queryKey: REVIEWS_KEY }), [client]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const live = useTenantStream({
    filter: 'type:review.*',
    onEvent: () => {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void refresh();
      }, GATHER_MS);
    },
  });
  useEffect(() => pillStore.set({ state: live, paused: false, queued: 0, toggle: () => undefined }), [live]);
  useEffect(() => () => pillStore.set(null), []);
  return { query, refresh, rows: query.data?.pages.flatMap((page) => page.data) ?? [] };
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
