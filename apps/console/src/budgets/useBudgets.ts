import { useQuery } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { api } from '../api/client';

export type Budget = ItemOf<'listBudgets'>;

export const BUDGETS_KEY = ['budgets'] as const;

/** The tenant's budgets and how they stand, asked for again while the page is open: runs spend all the time. */
export function useBudgets(enabled = true, everyMs = 5_000) {
  return useQuery({
    enabled,
    queryKey: BUDGETS_KEY,
    queryFn: ({ signal }) =>
      api.budgets
        .list({ limit: 200 })
        .page()
        .then((page) => (signal.throwIfAborted(), page.data)),
    refetchInterval: everyMs,
    staleTime: 2_000,
  });
}
