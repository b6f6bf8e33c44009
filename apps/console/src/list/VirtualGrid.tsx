import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import { NARROW, useMedia } from '../ui/useWidth';
import type { Column } from './columns';
import styles from './VirtualGrid.module.css';

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  /** A row on a narrow screen, where columns have no room. */
  readonly card: (row: Row) => ReactNode;
  readonly selected: string | null;
  readonly dense: boolean;
  /** The order in force, such as `-started`; null where a list has one order only. */
  readonly sort: string | null;
  readonly onSort: (sort: string) => void;
  /** Rows that just changed. */
  readonly pulsing: ReadonlySet<string>;
  /** Total number of rows when it is known, -1 otherwise. */
  readonly total: number;
  /** The selection goes there, and nothing else happens. */
  readonly onMove: (row: Row) => void;
  readonly onSelect: (row: Row) => void;
  readonly onOpen: (row: Row, event: { readonly newTab: boolean }) => void;
  readonly onEnd: () => void;
  readonly footer: ReactNode;
}

const HEIGHTS = { card: 64, comfortable: 34, dense: 26 };

/** A list of any length: only the rows in sight are on the page. Where the selection is belongs to the address. */
export function VirtualGrid<Row>(props: Props<Row>) {
  const { rows, columns, idOf, selected, dense, onEnd } = props;
  const narrow = useMedia(NARROW);
  const scroller = useRef<HTMLDivElement>(null);
  const height = narrow ? HEIGHTS.card : dense ? HEIGHTS.dense : HEIGHTS.comfortable;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => idOf(rows[index]!),
  });
  useEffect(() => virtual.measure(), [height, virtual]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 10) onEnd();
  }, [last, rows.length, onEnd]);
  const at = selected === null ? -1 : rows.findIndex((row) => idOf(row) === selected);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' });
  }, [at, virtual]);
  const template = columns.map((column) => column.width).join(' ');
  const onKey = (event: KeyboardEvent): void => {
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: at + 20,
      PageUp: at - 20,
    };
    const next = to[event.key as keyof typeof to];
    const row = rows[Math.min(rows.length - 1, Math.max(0, next))];
    if (next === undefined || row === undefined) return;
    event.preventDefault();
    props.onMove(row);
  };

  return (
    <div ref={scroller} className={styles['scroller']}>
      <div
        role="grid"
        className={styles['grid']}
        data-narrow={narrow || undefined}
        data-dense={dense || undefined}
        style={{ ['--columns' as string]: template }}
        aria-label={props.label}
        aria-rowcount={props.total}
        aria-colcount={columns.length}
        aria-activedescendant={at >= 0 ? `row-${selected}` : undefined}
        tabIndex={0}
        onKeyDown={onKey}
      >
        <div role="row" className={styles['head']} aria-rowindex={1}>
          {columns.map((column) => (
            <Header key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
        <div role="rowgroup" className={styles['body']} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return <Line key={item.key} {...props} row={row} narrow={narrow} item={item} />;
          })}
        </div>
      </div>
      <div className={styles['footer']}>{props.footer}</div>
    </div>
  );
}

interface HeaderProps<Row> extends Pick<Props<Row>, 'sort' | 'onSort'> {
  readonly column: Column<Row>;
}

function Header<Row>({ column, sort, onSort }: HeaderProps<Row>) {
  const { sort: key, align, header } = column;
  if (key === undefined || sort === null) {
    return (
      <span role="columnheader" data-align={align}>
        {header}
      </span>
    );
  }
  const falling = sort === `-${key}`;
  const here = falling || sort === key;
  return (
    <span role="columnheader" data-align={align} aria-sort={here ? (falling ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className={styles['sort']} onClick={() => onSort(falling ? key : `-${key}`)}>
        {header}
        {here && <span className={styles['arrow']} data-up={!falling || undefined} />}
      </button>
    </span>
  );
}

interface LineProps<Row> extends Props<Row> {
  readonly row: Row;
  readonly narrow: boolean;
  readonly item: { readonly index: number; readonly start: number; readonly size: number };
}

function Line<Row>({ row, item, narrow, columns, idOf, selected, pulsing, card, onSelect, onOpen }: LineProps<Row>) {
  const id = idOf(row);
  return (
    <div
      id={`row-${id}`}
      role="row"
      className={styles['row']}
      aria-rowindex={item.index + 2}
      aria-selected={id === selected}
      data-pulse={pulsing.has(id) || undefined}
      style={{ transform: `translateY(${item.start}px)`, height: item.size }}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) onOpen(row, { newTab: true });
        else onSelect(row);
      }}
      onDoubleClick={() => onOpen(row, { newTab: false })}
    >
      {narrow ? (
        <span role="gridcell" className={styles['card']} aria-colspan={columns.length}>
          {card(row)}
        </span>
      ) : (
        columns.map((column) => (
          <span key={column.id} role="gridcell" data-align={column.align} className="cut">
            {column.cell(row)}
          </span>
        ))
      )}
    </div>
  );
}
