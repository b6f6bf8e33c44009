import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ItemOf } from '@writ/contract';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { More } from '../list/More';
import { usePages } from '../list/usePages';
import { Stamp } from '../time/Stamp';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import { useAddress } from '../url/useAddress';
import { bundleText } from './bundle-text';
import { Comparison } from './Comparison';
import { draft } from './draft';
import styles from './Policy.module.css';
import { POLICY_KEY } from './policy-key';

type Version = ItemOf<'listPolicies'>;

/** Every policy there ever was; each can be looked at beside the one in force, and brought back. */
export function History({ inForce }: { readonly inForce: string }) {
  const { search, push } = useAddress();
  const { query, rows } = usePages([...POLICY_KEY, 'list'], {
    page: (cursor, signal) => api.policies.list({ limit: 50 }, { signal }).page(cursor),
  });
  const chosen = search['sel'];
  return (
    <div className={styles['content']} tabIndex={0} role="group" aria-label="Policies of before">
      {query.isError && <Problem what="The policies" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="policies" rows={4} />}
      <p className="dim">
        Each time one was put in force is in the log:{' '}
        <Link to="/audit" search={{ q: 'type:policy.activated' } as never}>
          policy.activated
        </Link>
        .
      </p>
      {chosen !== undefined && query.isSuccess && rows.every(({ digest }) => digest !== chosen) && (
        <Beside digest={chosen} inForce={inForce} />
      )}
      <ul className={styles['versions']} aria-label="Policies">
        {rows.map((one) => (
          <li key={one.digest}>
            <Row
              version={one}
              open={chosen === one.digest}
              onOpen={() => push({ sel: chosen === one.digest ? undefined : one.digest })}
            />
            {chosen === one.digest && <Beside digest={one.digest} inForce={inForce} />}
          </li>
        ))}
      </ul>
      <More query={query} />
    </div>
  );
}

interface RowProps {
  readonly version: Version;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ version: { digest, author, created_at: at, active }, open, onOpen }: RowProps) {
  const { push } = useAddress();
  const short = digest.slice(7, 19);
  const bring = useMutation({
    mutationFn: () => api.policies.get(digest),
    onSuccess: ({ bundle }) => {
      draft.set(bundleText(bundle));
      push({ tab: 'change', sel: undefined });
    },
    onError: (error) => say(troubleOf(error).title, 'bad'),
  });
  return (
    <div className={styles['version']}>
      <span>
        <code title={digest}>{short}…</code> first put in force by {author} <Stamp at={at} form="ago" />
      </span>
      <span className={styles['buttons']}>
        {active && <Mark sign={{ tone: 'good', icon: 'check', word: 'In force' }} quiet />}
        <Button variant="default" size="xs" aria-expanded={open} onClick={onOpen}>
          {active ? 'Show' : 'Compare'}
          <span className="only-read"> {short}</span>
        </Button>
        {!active && (
          <Button variant="default" size="xs" loading={bring.isPending} onClick={() => bring.mutate()}>
            Bring back…<span className="only-read"> {short}</span>
          </Button>
        )}
      </span>
    </div>
  );
}

/** What it says, and what it would change if it came back. */
function Beside({ digest, inForce }: { readonly digest: string; readonly inForce: string }) {
  const query = useQuery({
    queryKey: [...POLICY_KEY, 'compare', digest, inForce],
    queryFn: async ({ signal }) => ({
      compared: await api.policies.compare({ digest }, { signal }),
      policy: await api.policies.get(digest, { signal }),
    }),
  });
  if (query.isPending) return <Loading what="the comparison" rows={2} />;
  if (query.isError) return <Problem what="The comparison" error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <Comparison compared={query.data.compared} />
      <details open={digest === inForce}>
        <summary>What it says</summary>
        <pre className={styles['text']} tabIndex={0}>
          {bundleText(query.data.policy.bundle)}
        </pre>
      </details>
    </>
  );
}
