import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ResponseOf } from '@writ/contract';
import { api } from '../api/client';
import { useMay } from '../session/useTenant';
import { ago, count, duration } from '../time/format';
import { Icon } from '../ui/icons';
import type { Tone } from '../ui/tone';
import styles from './LogTile.module.css';

type Log = ResponseOf<'getAuditLog'>;

const STATES: { readonly [S in Log['state']]: { readonly word: string; readonly tone: Tone } } = {
  empty: { word: 'Log is empty', tone: 'calm' },
  sealing: { word: 'Log sealed', tone: 'good' },
  lagging: { word: 'Log lags', tone: 'wait' },
  recovering: { word: 'Log recovers', tone: 'wait' },
  refusing: { word: 'Log refuses', tone: 'bad' },
};

/** Where the log stands, on every page. Asking is not recorded: the answer holds numbers and hashes only. */
export function LogTile() {
  const may = useMay('audit.read');
  const log = useQuery({
    queryKey: ['log'],
    queryFn: ({ signal }) => api.audit.log({ signal, maxRetries: 0 }),
    refetchInterval: 10_000,
    enabled: may,
  });
  if (!log.data) return null;
  const { word, tone } = STATES[log.data.state];
  return (
    <Link to="/audit" className={styles['tile']} data-tone={tone} title={titleOf(log.data)}>
      <Icon name={tone === 'good' ? 'audit' : 'warn'} size={15} />
      <span className={styles['words']}>
        <strong>{word}</strong>
        <span>{count(log.data.size)} events</span>
        {log.data.unsealed > 0 && <span>{count(log.data.unsealed)} not sealed yet</span>}
      </span>
    </Link>
  );
}

function titleOf(log: Log): string {
  const at =
    log.checkpoint_at === null
      ? 'no checkpoint yet'
      : `last checkpoint ${ago(Date.parse(log.checkpoint_at), Date.now())}`;
  const lag = log.lag_ms > 0 ? `, oldest unsealed waits ${duration(log.lag_ms)}` : '';
  return `${log.origin}: ${at}${lag}${log.reason ? `. ${log.reason.message}` : ''}`;
}
