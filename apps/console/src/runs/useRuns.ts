import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { fetchRuns, type ListedRun, type RunPage, type RunsAsked } from '../api/runs';
import { usePages } from '../list/usePages';

const runsKey = (asked: RunsAsked) => ['runs', asked] as const;

/** The runs of one screen, page by page, and the two ways they change under it. */
export function useRuns(asked: RunsAsked) {
  const client = useQueryClient();
  const key = runsKey(asked);
  const { query, rows } = usePages(key, {
    page: (cursor, signal) => fetchRuns(asked, cursor, signal),
    keepsPrevious: true,
    staleTime: Infinity,
  });

  /** Rows that are shown, as they stand now; nothing moves. */
  const update = useCallback(
    (changed: readonly ListedRun[]) => {
      const byId = new Map(changed.map((run) => [run.id, run]));
      client.setQueryData<InfiniteData<RunPage, string | undefined>>(
        runsKey(asked),
        (data) =>
          data && {
            ...data,
            pages: data.pages.map((page) => ({ ...page, data: page.data.map((run) => byId.get(run.id) ?? run) })),
          },
      );
    },
    [client, asked],
  );
  /** Begins the list anew with a first page that is already here. */
  const restart = useCallback(
    (page: RunPage) => client.setQueryData(runsKey(asked), { pages: [page], pageParams: [undefined] }),
    [client, asked],
  );
  return { query, rows, update, restart };
}
