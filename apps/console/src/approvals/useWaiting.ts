import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';

export const WAITING_KEY = ['approvals', 'waiting'] as const;

/** How much waits for whoever is signed in. Asked for again every ten seconds: work arrives while one looks elsewhere. */
export const useWaiting = () =>
  useQuery({
    queryKey: WAITING_KEY,
    queryFn: ({ signal }) => api.approvals.count({ signal }),
    refetchInterval: 10_000,
    staleTime: 5_000,
  });
