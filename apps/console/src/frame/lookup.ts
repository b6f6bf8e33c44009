import { idKind } from '@writ/kernel';
import { api } from '../api/client';

/** Something an id names, and its address in the console. */
export interface Found {
  readonly id: string;
  readonly title: string;
  readonly href: string;
}

const TRACE = /^(?:00-)?[0-9a-f]{32}(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/;

/** Whether a text is worth asking the server about: an id of ours, a W3C trace id or a `traceparent`. */
export const isNameable = (text: string): boolean => idKind(text) !== undefined || TRACE.test(text);

/** What a pasted id names. The server answers only with what the reader may see. */
export async function whatIs(text: string, signal: AbortSignal): Promise<readonly Found[]> {
  const { matches } = await api.system.lookup(text, { signal });
  return matches.map(({ id, title, console: href }) => ({
    id,
    title,
    // An event is opened, not only pointed at: the list around it may not hold it.
    href: href.startsWith('/audit?sel=') ? `${href}&view=peek` : href,
  }));
}
