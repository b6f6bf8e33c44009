import { Button } from '@mantine/core';
import type { ResponseOf } from '@writ/contract';
import type { JsonObject } from '@writ/kernel';
import { download } from '../list/take-away';
import { JsonView } from '../ui/JsonView';
import styles from './Raw.module.css';

export function RawTab({ run }: { readonly run: ResponseOf<'getRun'> }) {
  return (
    <div className={styles['tab']}>
      <div>
        <Button
          variant="default"
          onClick={() => download(`${run.id}.json`, JSON.stringify(run, null, 2), 'application/json')}
        >
          Download
        </Button>
      </div>
      <JsonView label="The run" value={run as unknown as JsonObject} />
    </div>
  );
}
