import type { ReactNode } from 'react';

/** One column of a list. `width` is a track of a CSS grid. */
export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'right';
  /** What the address calls the order by this column; its header then changes the order. */
  readonly sort?: string;
  /** Shown unless the address says otherwise. */
  readonly standard: boolean;
  /** Gives way when a panel stands beside the list. */
  readonly yields?: boolean;
  /** Cannot be switched off. */
  readonly fixed?: boolean;
}

/** The columns an address asks for, in the list's own order; the standard ones when it says nothing. */
export function columnsOf<Row>(all: readonly Column<Row>[], asked: string | undefined): readonly Column<Row>[] {
  if (asked === undefined) return all.filter((column) => column.standard);
  const names = new Set(asked.split(','));
  return all.filter((column) => column.fixed || names.has(column.id));
}

/** The columns there is room for. */
export const beside = <Row>(columns: readonly Column<Row>[], panel: boolean): readonly Column<Row>[] =>
  panel ? columns.filter((column) => !column.yields) : columns;

/** The address's text for a choice of columns; undefined when it is the standard one. */
export function columnsText<Row>(all: readonly Column<Row>[], ids: ReadonlySet<string>): string | undefined {
  const standard = all.every((column) => column.standard === ids.has(column.id) || column.fixed);
  return standard
    ? undefined
    : all
        .filter((column) => ids.has(column.id))
        .map((column) => column.id)
        .join(',');
}
