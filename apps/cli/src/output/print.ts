import type { Io } from './io';
import { type Column, type Format, type Output, type Row, SCHEMA_VERSION } from './output';
import { Paint } from './paint';

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** Prints an answer: data on standard output, and nothing else there. */
export async function print(io: Io, format: Format, output: Output): Promise<void> {
  if (output.kind === 'one') printOne(io, format, output);
  else await printList(io, format, output);
}

function printOne(io: Io, format: Format, output: Output & { kind: 'one' }): void {
  if (format === 'id') io.out(`${output.id}\n`);
  else if (format === 'json') io.out(`${JSON.stringify({ schema_version: SCHEMA_VERSION, ...output.row }, null, 2)}\n`);
  else if (format === 'ndjson') io.out(line({ schema_version: SCHEMA_VERSION, ...output.row }));
  else io.out(output.text ?? pairs(io, output.row));
}

async function printList(io: Io, format: Format, output: Output & { kind: 'list' }): Promise<void> {
  if (format === 'json') {
    const data: Row[] = [];
    for await (const row of output.rows) data.push(row);
    io.out(`${JSON.stringify({ schema_version: SCHEMA_VERSION, data }, null, 2)}\n`);
    return;
  }
  if (format === 'table' && io.terminal) return printTable(io, output);
  // Not before the first row: where there is a refusal in place of rows, nothing is printed as if there were some.
  let titles = format === 'table' ? `${output.columns.map(({ title }) => title).join('\t')}\n` : '';
  for await (const row of output.rows) {
    if (titles !== '') io.out(titles);
    titles = '';
    if (format === 'id') io.out(`${output.id(row)}\n`);
    else if (format === 'ndjson') io.out(line({ schema_version: SCHEMA_VERSION, ...row }));
    else io.out(`${output.columns.map((column) => flat(column.value(row))).join('\t')}\n`);
  }
  if (titles !== '') io.out(titles);
}

/** Piped: one row a line, one tab a column, nothing cut and nothing coloured. */
const flat = (value: string): string => value.replace(/[\t\r\n]+/g, ' ');

async function printTable(io: Io, output: Output & { kind: 'list' }): Promise<void> {
  const cells: string[][] = [];
  for await (const row of output.rows) cells.push(output.columns.map((column) => flat(column.value(row))));
  if (cells.length === 0) return output.empty === '' ? undefined : io.err(`${output.empty}\n`);
  const paint = new Paint(io);
  const widths = widthsOf(output.columns, cells, io.width);
  const draw = (values: readonly string[]): string =>
    values
      .map((value, i) => fit(value, widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  io.out(`${paint.dim(draw(output.columns.map(({ title }) => title)))}\n`);
  for (const row of cells) io.out(`${draw(row)}\n`);
}

/** Each column as wide as its widest cell; what does not fit the terminal is taken from the widest. */
function widthsOf(columns: readonly Column[], rows: readonly string[][], width: number): number[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  for (let over = sum(widths) + 2 * (widths.length - 1) - width; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= 12) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const fit = (value: string, width: number): string =>
  value.length > width ? `${value.slice(0, width - 1)}…` : value.padEnd(width);

function pairs(io: Io, row: Row): string {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined && value !== null);
  const show = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  if (!io.terminal) return entries.map(([name, value]) => `${name}\t${flat(show(value))}\n`).join('');
  const paint = new Paint(io);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${show(value)}\n`).join('');
}
