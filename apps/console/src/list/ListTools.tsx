import { Menu } from '@mantine/core';
import { IconButton } from '../ui/IconButton';
import type { Column } from './columns';
import styles from './ListBar.module.css';

interface Props<Row> {
  readonly columns: readonly Column<Row>[];
  readonly shown: readonly Column<Row>[];
  readonly onColumns: (ids: ReadonlySet<string>) => void;
  readonly dense: boolean;
  readonly onDense: () => void;
  /** Copies and files of what is shown. */
  readonly exports: readonly { readonly label: string; readonly run: () => void }[];
}

/** What a list can be made to look like, and taken away as. */
export function ListTools<Row>({ columns, shown, onColumns, dense, onDense, exports }: Props<Row>) {
  const ids = new Set(shown.map((column) => column.id));
  const toggle = (id: string): void => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    onColumns(next);
  };
  return (
    <div className={styles['tools']}>
      <Menu position="bottom-end">
        <Menu.Target>
          <IconButton icon="columns" label="Columns" />
        </Menu.Target>
        <Menu.Dropdown>
          {columns.map((column) => (
            <Menu.CheckboxItem
              key={column.id}
              checked={ids.has(column.id)}
              disabled={column.fixed ?? false}
              onChange={() => toggle(column.id)}
            >
              {column.header}
            </Menu.CheckboxItem>
          ))}
          <Menu.Divider />
          <Menu.CheckboxItem checked={dense} onChange={onDense}>
            Dense rows
          </Menu.CheckboxItem>
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end">
        <Menu.Target>
          <IconButton icon="download" label="Export and copy" />
        </Menu.Target>
        <Menu.Dropdown>
          {exports.map((one) => (
            <Menu.Item key={one.label} onClick={one.run}>
              {one.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
