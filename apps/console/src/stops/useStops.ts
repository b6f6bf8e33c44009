import { useQuery } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { api } from '../api/client';
import { useMay } from '../session/useTenant';

export type Stop = ItemOf<'listStops'>;

export const STOPS_KEY = ['stops', 'in_force'] as const;

/** The stops in force. Asked for again every ten seconds: a stop set elsewhere must be seen on every page. */
export function useStops() {
  const may = useMay('stop.read');
  return useQuery({
    enabled: may,
    queryKey: STOPS_KEY,
    queryFn: ({ signal }) =>
      api.stops
        .list({ state: 'in_force', limit: 200 })
        .page()
        .then((page) => (signal.throwIfAborted(), page.data)),
    refetchInterval: 10_000,
    staleTime: 5_000,
  });
}

export const stopName = (stop: Stop): string =>
  stop.target === null ? `the whole ${stop.scope}` : `${stop.scope} ${stop.target}`;
