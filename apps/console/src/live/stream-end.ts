import type { StreamItem } from './event-stream';

/** After these the server comes back, and so do we. */
const PASSING = ['shutdown', 'unavailable', 'log_reopened'];

/** What the server's `stream.end` means for whoever listens. */
export function endOf({ event, data }: Exclude<StreamItem, 'beat'>): 'ended' | 'refused' | null {
  if (event !== 'stream.end') return null;
  const { reason } = JSON.parse(data) as { readonly reason: string };
  if (PASSING.includes(reason)) return null;
  return reason === 'finished' ? 'ended' : 'refused';
}
