import { type RefObject, useEffect, useRef } from 'react';

/** A row of links or tabs that scrolls: whichever is current is scrolled into view when another becomes it. */
export function useCurrentShown<E extends HTMLElement>(current: string | null): RefObject<E | null> {
  const row = useRef<E>(null);
  useEffect(() => {
    if (current === null) return;
    row.current
      ?.querySelector('[aria-current=page], [aria-selected=true]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return row;
}
