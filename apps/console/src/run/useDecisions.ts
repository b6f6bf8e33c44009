import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { api } from '../api/client';

export type Decision = ItemOf<'listRunDecisions'>;

/** Every decision made for a run, with its reasons. `version` changes when the run went on. */
export function useDecisions(run: string, version: number) {
  return useQuery({
    queryKey: ['decisions', run, version],
    queryFn: async ({ signal }) => {
      const all: Decision[] = [];
      for await (const decision of api.runs.decisions(run, { limit: 200 }, { signal })) all.push(decision);
      return all;
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}
