import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Search } from './search';

export interface Address {
  readonly search: Search;
  /** A change a person would want to undo: a filter, a range, a tab. Back brings the screen before. */
  push(patch: Search): void;
  /** A move of the cursor: Back does not step through it. */
  replace(patch: Search): void;
}

/** The state of the screen, which is the address and nothing else. */
export function useAddress(): Address {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const go = useCallback(
    (patch: Search, replace: boolean): void => {
      const change = (before: Search): Search => ({ ...before, ...patch });
      void navigate({ to: '.', search: change as never, replace, resetScroll: false });
    },
    [navigate],
  );
  return {
    search,
    push: useCallback((patch: Search) => go(patch, false), [go]),
    replace: useCallback((patch: Search) => go(patch, true), [go]),
  };
}
