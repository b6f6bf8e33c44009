import { QueryClient } from '@tanstack/react-query';

/** The client retries by itself what can be retried, so nothing here does it a second time. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000, gcTime: 300_000 },
    mutations: { retry: false },
  },
});
