import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { usePages } from '../list/usePages';
import { useRefreshed } from '../live/useRefreshed';
import { useMay } from '../session/useTenant';

const QUESTIONS_KEY = ['questions'] as const;
/** Counted for the badge at most. */
const MOST_COUNTED = 100;

/** What workflows ask, kept true by the tenant's log. */
export function useQuestions(state: 'open' | 'all') {
  const { query, rows } = usePages([...QUESTIONS_KEY, 'list', state], {
    page: (cursor, signal) => api.questions.list({ state, limit: 100 }, { signal }).page(cursor),
    refetchInterval: 15_000,
  });
  const refresh = useRefreshed(QUESTIONS_KEY, 'type:question.*');
  return { query, refresh, rows };
}

/** How many open questions whoever is signed in may answer. */
export function useAsked() {
  const may = useMay('run.read');
  return useQuery({
    queryKey: [...QUESTIONS_KEY, 'count'],
    queryFn: async ({ signal }) => {
      const { data } = await api.questions.list({ limit: MOST_COUNTED }, { signal }).page();
      return data.filter((one) => one.may_answer).length;
    },
    enabled: may,
    refetchInterval: 10_000,
    staleTime: 5_000,
  });
}
