import type { Json } from '@writ/kernel';

export const FORMATS = ['table', 'json', 'ndjson', 'id'] as const;
export type Format = (typeof FORMATS)[number];

/** Version of the JSON that commands print; raised when a member changes its meaning. */
export const SCHEMA_VERSION = 1;

export type Row = { readonly [name: string]: Json | undefined };

export interface Column {
  readonly title: string;
  readonly value: (row: Row) => string;
}

/** What a command answers with. How it is printed is not its business. */
export type Output =
  | {
      readonly kind: 'one';
      readonly row: Row;
      readonly id: string;
      /** For people, instead of the plain list of members. */
      readonly text?: string;
    }
  | {
      readonly kind: 'list';
      /** Printed as they come; only `json` waits for the last. */
      readonly rows: AsyncIterable<Row> | Iterable<Row>;
      readonly columns: readonly Column[];
      readonly id: (row: Row) => string;
      /** What people read when there is nothing. */
      readonly empty: string;
    };

const text = (value: Json | undefined): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

/** A column that shows one member. */
export const member = (name: string, title = name.toUpperCase().replaceAll('_', ' ')): Column => ({
  title,
  value: (row) => text(row[name]),
});

export const members = (...names: readonly string[]): Column[] => names.map((name) => member(name));
