import type { ReactNode } from 'react';
import styles from './Table.module.css';

interface Props {
  readonly columns: readonly string[];
  /** Whether a column of buttons stands last. */
  readonly acting?: boolean;
  readonly tight?: boolean;
  /** What the table tells, for those who hear it. */
  readonly caption?: string;
  /** Rows, whose cells carry their column as `data-label` where they do not speak for themselves. */
  readonly children: ReactNode;
}

/** A table that is short enough to be shown whole. */
export function Table({ columns, acting = false, tight = false, caption, children }: Props) {
  return (
    <table className={`${styles['table']} ${tight ? styles['tight'] : ''}`}>
      {caption !== undefined && <caption className="only-read">{caption}</caption>}
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
          {acting && (
            <th scope="col">
              <span className="only-read">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
