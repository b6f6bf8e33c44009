import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { download } from '../list/take-away';
import { copyText } from '../ui/clipboard';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import styles from './Audit.module.css';

/** The event exactly as it was hashed. Reading it is itself an event of the log. */
export function RawEvent({ id }: { readonly id: string }) {
  const event = useQuery({
    queryKey: ['raw-event', id],
    queryFn: ({ signal }) => api.audit.event(id, { signal }),
    staleTime: Infinity,
  });
  if (event.isError) return <Problem what="The bytes" error={event.error} onRetry={() => void event.refetch()} />;
  if (!event.data) return <Loading what="the bytes" rows={3} />;
  const { raw, hash } = event.data;
  return (
    <div className={styles['raw']}>
      <pre className={styles['bytes']} tabIndex={0} aria-label="Canonical JSON, exactly as hashed">
        {raw}
      </pre>
      <Facts
        facts={[
          ['Bytes', String(new TextEncoder().encode(raw).length)],
          ['SHA-256', <Id key="hash" id={hash} what="Hash" />],
        ]}
      />
      <div className={styles['verify']}>
        <Button variant="default" onClick={() => void copyText(raw, 'Bytes')}>
          Copy
        </Button>
        <Button variant="default" onClick={() => download(`${id}.json`, raw, 'application/json')}>
          Download
        </Button>
      </div>
      <p className="dim">
        To compare by hand: <code>sha256sum {id}.json</code>
      </p>
    </div>
  );
}
