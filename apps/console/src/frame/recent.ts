/** What this browser opened last, for the palette. Ids and names only; never content. */
export interface Recent {
  readonly id: string;
  readonly label: string;
  readonly href: string;
}

const KEY = 'writ-recent';
const MOST = 12;

export function recents(): readonly Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as Recent[]).filter((one) => typeof one.href === 'string') : [];
  } catch {
    return [];
  }
}

export function remember(one: Recent): void {
  const others = recents().filter(({ id }) => id !== one.id);
  localStorage.setItem(KEY, JSON.stringify([one, ...others].slice(0, MOST)));
}
