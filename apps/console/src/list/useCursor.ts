import { useCallback, useEffect, useRef, useState } from 'react';
import { useAddress } from '../url/useAddress';

const SETTLE_MS = 180;

/**
 * The selected row: moves at once, and is written into the address when it rests. Browsers refuse addresses that change
 * thirty times a second, which a held key would do.
 */
export function useCursor(name = 'sel'): readonly [string | null, (id: string | null) => void] {
  const { search, replace } = useAddress();
  const written = search[name] ?? null;
  const [at, setAt] = useState(written);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const pending = useRef(false);
  useEffect(() => {
    if (!pending.current) setAt(written);
  }, [written]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const move = useCallback(
    (id: string | null) => {
      setAt(id);
      pending.current = true;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        pending.current = false;
        replace({ [name]: id ?? undefined });
      }, SETTLE_MS);
    },
    [name, replace],
  );
  return [at, move];
}
