import { Button } from '@mantine/core';
import { useState } from 'react';
import { api } from '../api/client';
import listBar from '../list/ListBar.module.css';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { useMay } from '../session/useTenant';
import { plural } from '../time/format';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';
import { ApiKeyRow } from './ApiKeyRow';
import styles from './ApiKeys.module.css';
import { CreateApiKey } from './CreateApiKey';
import { API_KEYS_KEY } from './standing';

const COLUMNS = ['Key', 'Acts as', 'May be used for', 'Stands', 'Last used'];

/** Who may talk to this tenant, as whom, for what and until when. */
export function ApiKeysPage() {
  const may = useMay('key.manage');
  const [adding, setAdding] = useState(false);
  const { query, rows } = usePages(API_KEYS_KEY, {
    page: (cursor, signal) => api.apiKeys.list({ limit: 100 }, { signal }).page(cursor),
  });
  return (
    <Page
      title="API keys"
      purpose="Who may talk to this tenant, as whom, for what and until when."
      action={
        <Button
          disabled={!may}
          title={may ? '' : 'Your key may not manage keys (key.manage)'}
          onClick={() => setAdding(true)}
        >
          New key
        </Button>
      }
      controls={
        <div className={listBar['bar']}>
          <span className="dim" aria-live="polite">
            {query.isSuccess ? `${plural(rows.length, 'key')}${query.hasNextPage ? ' so far' : ''}, newest first` : ''}
          </span>
        </div>
      }
    >
      {query.isError && <Problem what="The keys" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="keys" rows={4} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty icon="key" title="There are no keys" command='./writ keys create "deploy pipeline" --scope run.read'>
          <p>A key acts for somebody, has roles of its own, is good for certain actions only, and expires.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']} tabIndex={0} role="group" aria-label="API keys">
          <Table columns={COLUMNS} acting>
            {rows.map((one) => (
              <ApiKeyRow key={one.id} apiKey={one} may={may} />
            ))}
          </Table>
          <More query={query} />
        </div>
      )}
      {adding && <CreateApiKey onClose={() => setAdding(false)} />}
    </Page>
  );
}
