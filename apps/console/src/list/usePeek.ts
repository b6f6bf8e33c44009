import { useKeys } from '../keys/useKeys';
import { useAddress } from '../url/useAddress';

/** A list whose chosen row opens beside it. Which one, and whether it is open, stand in the address. */
export function usePeek<T extends { readonly id: string }>(
  rows: readonly T[],
  noun: string,
): { readonly chosen: T | undefined; readonly isOpen: boolean; open(row: T): void; close(): void } {
  const { search, push, replace } = useAddress();
  const at = rows.findIndex(({ id }) => id === search['sel']);
  const chosen = rows[at];
  const open = (row: T): void => push({ sel: row.id, view: 'peek' });
  const close = (): void => push({ view: undefined });
  const move = (by: number): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) replace({ sel: next.id });
  };
  useKeys([
    { keys: 'j', label: `Next ${noun}`, group: 'List', run: () => move(1) },
    { keys: 'k', label: `Previous ${noun}`, group: 'List', run: () => move(-1) },
    { keys: 'o', label: 'Look at it', group: 'List', run: () => chosen && open(chosen) },
    { keys: 'Enter', label: 'Open it', group: 'List', run: () => chosen && open(chosen) },
    { keys: 'Escape', label: 'Close', group: 'List', run: close },
  ]);
  return { chosen, isOpen: search['view'] === 'peek', open, close };
}
