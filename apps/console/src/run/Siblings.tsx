import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { fetchRuns, runsAsked } from '../api/runs';
import { useKeys } from '../keys/useKeys';
import { count } from '../time/format';
import { useZone } from '../time/useZone';
import { IconButton } from '../ui/IconButton';
import { useAddress } from '../url/useAddress';
import styles from './Run.module.css';

/** Where this run stands in the list it was opened from, and the way to the next: the list's search is in the address. */
export function Siblings({ id }: { readonly id: string }) {
  const { search } = useAddress();
  const zone = useZone();
  const navigate = useNavigate();
  const asked = useMemo(
    () => runsAsked(search, zone),
    [search['q'], search['from'], search['to'], search['basis'], search['sort'], zone],
  );
  const list = useQuery({
    queryKey: ['siblings', asked],
    queryFn: ({ signal }) => fetchRuns(asked, undefined, signal),
    staleTime: 60_000,
  });
  const runs = list.data?.data ?? [];
  const at = runs.findIndex((run) => run.id === id);
  const total = list.data?.coverage.matched;
  const go = (step: 1 | -1): void => {
    const next = runs[at + step];
    if (at < 0 || !next) return;
    const kept = { ...search, step: undefined, dec: undefined, zoom: undefined, fold: undefined, evt: undefined };
    void navigate({ to: '/runs/$run', params: { run: next.id }, search: kept as never });
  };
  useKeys([
    { keys: 'J', label: 'Next run of the list', group: 'This page', run: () => go(1) },
    { keys: 'K', label: 'Previous run of the list', group: 'This page', run: () => go(-1) },
  ]);
  if (at < 0) return null;
  return (
    <span className={styles['siblings']}>
      <span className="dim">
        {count(at + 1)} of {count(total?.value ?? runs.length)}
      </span>
      <IconButton icon="left" size={13} label="Previous run (K)" disabled={at === 0} onClick={() => go(-1)} />
      <IconButton icon="right" size={13} label="Next run (J)" disabled={at === runs.length - 1} onClick={() => go(1)} />
    </span>
  );
}
