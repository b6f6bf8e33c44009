import type { ItemOf } from '@writ/contract';
import { RUN_STATUS, type Sign, type Tone } from '../ui/tone';

export type Batch = ItemOf<'listBatches'>;
export type Item = ItemOf<'listBatchItems'>;
export type ItemState = Item['state'];

export const ITEM: { readonly [S in ItemState]: Sign } = {
  ...RUN_STATUS,
  pending: { tone: 'calm', icon: 'clock', word: 'Not started' },
  refused: { tone: 'bad', icon: 'deny', word: 'Refused' },
  skipped: { tone: 'calm', icon: 'cross', word: 'Skipped' },
};

export const BATCH: { readonly [S in Batch['status']]: Sign } = {
  running: { tone: 'busy', icon: 'play', word: 'Running' },
  cancelling: { tone: 'wait', icon: 'stop', word: 'Cancelling' },
  cancelled: { tone: 'calm', icon: 'cross', word: 'Cancelled' },
  finished: { tone: 'good', icon: 'check', word: 'Finished' },
};

export interface Share {
  readonly state: ItemState;
  readonly items: number;
  /** Of the whole, from 0 to 1. */
  readonly share: number;
}

/** What went well first, then what goes on, what waits, what went wrong, and what was never begun. */
const ORDER: readonly Tone[] = ['good', 'busy', 'wait', 'unsure', 'bad', 'calm'];

/** The items by how they stand, as they are drawn from left to right. */
export function sharesOf({ counts, total }: Pick<Batch, 'counts' | 'total'>): readonly Share[] {
  const found = (Object.entries(counts) as [ItemState, number | undefined][]).flatMap(([state, items = 0]) =>
    items === 0 ? [] : [{ state, items, share: total === 0 ? 0 : items / total }],
  );
  return found.sort(
    (a, b) => ORDER.indexOf(ITEM[a.state].tone) - ORDER.indexOf(ITEM[b.state].tone) || (a.state < b.state ? -1 : 1),
  );
}

export const isOver = ({ status }: Pick<Batch, 'status'>): boolean => status === 'finished' || status === 'cancelled';
