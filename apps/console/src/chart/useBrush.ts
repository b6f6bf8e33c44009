import { type KeyboardEvent, type PointerEvent, useState } from 'react';

/** Choosing bars with the pointer or the keys. `window` is first and last bar, both included. */
export function useBrush(bars: number, width: number, onChoose: (first: number, last: number) => void) {
  const [at, setAt] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const clamp = (index: number): number => Math.min(bars - 1, Math.max(0, index));
  const barAt = (event: PointerEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return clamp(Math.floor(((event.clientX - box.left) / Math.max(1, width)) * bars));
  };
  const window: readonly [number, number] | null =
    anchor === null || at === null ? null : [Math.min(anchor, at), Math.max(anchor, at)];
  const choose = (): void => {
    if (window) onChoose(window[0], window[1]);
    setAnchor(null);
    setAt(null);
  };

  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -bars, End: bars }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const from = at ?? bars - 1;
      const next = at === null ? from : clamp(from + step);
      if (!event.shiftKey) setAnchor(null);
      else if (anchor === null) setAnchor(from);
      setAt(next);
    } else if (event.key === 'Enter' && at !== null) {
      event.preventDefault();
      if (window) choose();
      else onChoose(at, at);
    } else if (event.key === 'Escape' && at !== null) {
      event.stopPropagation();
      setAnchor(null);
      setAt(null);
    }
  };

  return {
    at,
    window,
    onKey,
    pointer: {
      onPointerDown: (event: PointerEvent): void => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setAnchor(barAt(event));
        setAt(barAt(event));
      },
      onPointerMove: (event: PointerEvent): void => setAt(barAt(event)),
      onPointerUp: (event: PointerEvent): void => {
        if (event.button === 0) choose();
      },
      onPointerCancel: (): void => setAnchor(null),
      onPointerLeave: (): void => {
        if (anchor === null) setAt(null);
      },
    },
  };
}
