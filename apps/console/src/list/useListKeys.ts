import { useKeys } from '../keys/useKeys';

interface ListKeys<Row> {
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly at: string | null;
  readonly move: (id: string | null) => void;
  readonly isProblem: (row: Row) => boolean;
  readonly open: (row: Row) => void;
  readonly peek: (row: Row) => void;
  readonly close: () => void;
  readonly showNew: () => void;
  readonly follow: () => void;
  readonly copyId: (row: Row) => void;
  readonly copyJson: (row: Row) => void;
  readonly copyCli: (row: Row) => void;
}

/** The keys of every list. They move and show; none of them changes anything on the server. */
export function useListKeys<Row>(list: ListKeys<Row>): void {
  const { rows, idOf, at, move } = list;
  const index = at === null ? -1 : rows.findIndex((row) => idOf(row) === at);
  const here = rows[index];
  const go = (to: number): void => {
    const row = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (row !== undefined) move(idOf(row));
  };
  const problem = (step: 1 | -1): void => {
    for (let i = index + step; i >= 0 && i < rows.length; i += step) {
      const row = rows[i];
      if (row !== undefined && list.isProblem(row)) return move(idOf(row));
    }
  };
  const onRow = (act: (row: Row) => void) => () => {
    if (here !== undefined) act(here);
  };
  useKeys([
    { keys: 'j', label: 'Next', group: 'List', run: () => go(index + 1) },
    { keys: 'k', label: 'Previous', group: 'List', run: () => go(index - 1) },
    { keys: 'Enter', label: 'Open', group: 'List', run: onRow(list.open) },
    { keys: 'o', label: 'Peek', group: 'List', run: onRow(list.peek) },
    { keys: 'Escape', label: 'Close', group: 'List', run: list.close },
    { keys: '.', label: 'Next problem', group: 'List', run: () => problem(1) },
    { keys: ',', label: 'Previous problem', group: 'List', run: () => problem(-1) },
    { keys: 'f', label: 'Follow live', group: 'List', run: list.follow },
    { keys: 'u', label: 'Show what is new', group: 'List', run: list.showNew },
    { keys: 'c', label: 'Copy id', group: 'Copy', run: onRow(list.copyId) },
    { keys: 'c j', label: 'Copy as JSON', group: 'Copy', run: onRow(list.copyJson) },
    { keys: 'c c', label: 'Copy as CLI command', group: 'Copy', run: onRow(list.copyCli) },
  ]);
}
