import type { GoalRow } from './goals';

const HEAD = ['goal', 'must', 'aim', 'ours', 'best peer', 'limit', 'verdict'] as const;

/** The goals as a table of plain text, one line each. */
export function table(rows: readonly GoalRow[]): string {
  const cells = rows.map((row) => [row.goal, row.must, row.aim, row.ours, row.bestPeer, row.limit, row.verdict]);
  const widths = HEAD.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
