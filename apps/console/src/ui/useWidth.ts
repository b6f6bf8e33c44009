import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from 'react';

/** The width of an element in CSS pixels, as it changes; 0 before it is on the page. */
export function useWidth<E extends Element>(): readonly [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => window.matchMedia(query).matches,
  );
}

/** A telephone, or a screen magnified so far that it is as narrow as one. */
export const NARROW = '(max-width: 40rem)';
/** Room for a panel beside a list. */
export const WIDE = '(min-width: 68rem)';
