import type { ResponseOf } from '@writ/contract';
import { ActCells } from '../policy/ActCells';
import { Around } from '../run/Around';
import { Decided } from '../run/Explanation';
import { Mark } from '../ui/Mark';
import { Table } from '../ui/Table';
import { type Sign, VERDICT } from '../ui/tone';
import styles from './Ask.module.css';

const PERHAPS: Sign = { ...VERDICT.ask, icon: 'unsure', word: 'Perhaps' };

type Who = ResponseOf<'whoCan'>['data'];
type What = ResponseOf<'listPermissions'>['data'];

export function WhoAnswer({ rows }: { readonly rows: Who }) {
  if (rows.length === 0) return <p role="status">Nobody may: no rule grants it to anybody known.</p>;
  return (
    <Table columns={['Who', 'May', 'By']} caption="Who can">
      {rows.map(({ subject, verdict, paths, when }) => (
        <tr key={subject}>
          <td data-label="Who">
            <code>{subject}</code>
          </td>
          <td data-label="May">
            <Mark sign={verdict === 'perhaps' ? PERHAPS : VERDICT[verdict]} quiet />
          </td>
          <td data-label="By">
            {paths.map((path) => (
              <div key={path.join(' ')}>
                <code>{path.slice(1).join(' → ')}</code>
              </div>
            ))}
            {when !== null && <span className="dim">{when}</span>}
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function WhatAnswer({ rows }: { readonly rows: What }) {
  if (rows.length === 0) return <p role="status">Nothing: no rule speaks of them, and silence denies.</p>;
  return (
    <Table columns={['May', 'Do', 'With', 'When', 'By']} caption="What they may">
      {rows.map(({ rid, effect, action, object, condition, obligations, path }) => (
        <tr key={rid}>
          <td data-label="May">
            <Mark sign={VERDICT[effect]} quiet />
          </td>
          <ActCells action={action} object={object} />
          <td data-label="When">{[condition, ...obligations].filter((one) => one !== null).join(', after ')}</td>
          <td data-label="By">
            <code>{path.slice(1).join(' → ')}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function CanAnswer({ explained }: { readonly explained: ResponseOf<'explainAct'> }) {
  return (
    <div className={styles['answer']}>
      <Decided decision={explained.decision} />
      <Around explained={explained} />
    </div>
  );
}
