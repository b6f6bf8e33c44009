import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../api/client';
import { countsText } from './ladder';
import styles from './Stops.module.css';
import type { StopRequest } from './request-stop';

const SETTLE_MS = 400;

/** What the stop would hit now. A name that is still being typed is not asked for. */
export function StopPreview({
  scope,
  target,
}: {
  readonly scope: StopRequest['scope'];
  readonly target: string | null;
}) {
  const [asked, setAsked] = useState({ scope, target });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ scope, target }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [scope, target]);
  const preview = useQuery({
    queryKey: ['stops', 'preview', asked],
    queryFn: ({ signal }) => api.stops.preview(asked, { signal }),
    refetchInterval: 3_000,
    retry: false,
  });
  if (!preview.isSuccess) return null;
  const { runs, steps } = preview.data;
  const counts = countsText(runs);
  return (
    <p className={styles['preview']} role="status">
      Now: {counts === '' ? 'no runs' : `runs ${counts}`} · {steps.length} {steps.length === 1 ? 'call' : 'calls'} under
      way
    </p>
  );
}
