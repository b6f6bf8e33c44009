import type { Search } from '../url/search';

/** The queues. What is settled is newest first, what is open soonest to expire. */
export const TABS = [
  { value: 'mine', label: 'Waiting on me' },
  { value: 'open', label: 'All open' },
  { value: 'settled', label: 'Settled' },
] as const;
export type Tab = (typeof TABS)[number]['value'];

export interface ApprovalsAsked {
  readonly tab: Tab;
  readonly q: string;
}

export const approvalsAsked = (search: Search): ApprovalsAsked => ({
  tab: TABS.find(({ value }) => value === search['tab'])?.value ?? 'mine',
  q: search['q'] ?? '',
});

const PART: { readonly [T in Tab]: string } = { mine: '', open: 'is:open', settled: 'is:settled' };

export const filterOf = ({ tab, q }: ApprovalsAsked): string =>
  [PART[tab], q === '' ? '' : `(${q})`].filter((part) => part !== '').join(' ');
