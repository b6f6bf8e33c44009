import { Menu } from '@mantine/core';
import { IconButton } from '../ui/IconButton';
import { Icon } from '../ui/icons';
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
      <Menu closeOnItemClick={false} position="bottom-end">
        <Menu.Target>
          <IconButton icon="columns" label="Columns" />
        </Menu.Target>
        <Menu.Dropdown>
          {columns.map((column) => (
            <Menu.Item
              key={column.id}
              role="menuitemcheckbox"
              aria-checked={ids.has(column.id)}
              disabled={column.fixed ?? false}
              leftSection={<Check on={ids.has(column.id)} />}
              onClick={() => toggle(column.id)}
            >
              {column.header}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item role="menuitemcheckbox" aria-checked={dense} leftSection={<Check on={dense} />} onClick={onDense}>
            Dense rows
          </Menu.Item>
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

function Check({ on }: { readonly on: boolean }) {
  return (
    <span style={{ visibility: on ? 'visible' : 'hidden' }}>
      <Icon name="check" size={13} />
    </span>
  );
}
