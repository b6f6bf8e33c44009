import type { ResponseOf } from '@writ/contract';
import { Around } from '../run/Around';
import { Decided } from '../run/Explanation';
import { Mark } from '../ui/Mark';
import { type Sign, VERDICT } from '../ui/tone';
import styles from './Ask.module.css';

const PERHAPS: Sign = { ...VERDICT.ask, icon: 'unsure', word: 'Perhaps' };

type Who = ResponseOf<'whoCan'>['data'];
type What = ResponseOf<'listPermissions'>['data'];

export function WhoAnswer({ rows }: { readonly rows: Who }) {
  if (rows.length === 0) return <p role="status">Nobody may: no rule grants it to anybody known.</p>;
  return (
    <table className={styles['table']} aria-label="Who can">
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">May</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ subject, verdict, paths, when }) => (
          <tr key={subject}>
            <td>
              <code>{subject}</code>
            </td>
            <td>
              <Mark sign={verdict === 'perhaps' ? PERHAPS : VERDICT[verdict]} quiet />
            </td>
            <td>
              {paths.map((path) => (
                <div key={path.join(' ')}>
                  <code>{path.slice(1).join(' → ')}</code>
                </div>
              ))}
              {when !== null && <span className="dim">{when}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function WhatAnswer({ rows }: { readonly rows: What }) {
  if (rows.length === 0) return <p role="status">Nothing: no rule speaks of them, and silence denies.</p>;
  return (
    <table className={styles['table']} aria-label="What they may">
      <thead>
        <tr>
          <th scope="col">May</th>
          <th scope="col">Do</th>
          <th scope="col">With</th>
          <th scope="col">When</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ rid, effect, action, object, condition, obligations, path }) => (
          <tr key={rid}>
            <td>
              <Mark sign={VERDICT[effect]} quiet />
            </td>
            <td>
              <code>{action}</code>
            </td>
            <td>
              <code>{object}</code>
            </td>
            <td>{[condition, ...obligations].filter((one) => one !== null).join(', after ')}</td>
            <td>
              <code>{path.slice(1).join(' → ')}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
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
