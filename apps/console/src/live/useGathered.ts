import { useCallback, useEffect, useRef } from 'react';

const GATHER_MS = 400;

/** `work`, once for all that happens within a moment. */
export function useGathered(work: () => unknown): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void work();
    }, GATHER_MS);
  }, [work]);
}
