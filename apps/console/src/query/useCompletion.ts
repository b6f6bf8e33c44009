import { useQuery } from '@tanstack/react-query';
import { completeQuery, type QueryList } from '@writ/contract';
import { type KeyboardEvent, useEffect, useMemo, useState } from 'react';

/** Values of a field that only the server knows, most frequent first. */
export type ValueSource = (
  field: string,
  prefix: string,
  signal: AbortSignal,
) => Promise<readonly { readonly value: string; readonly count: number }[]>;

export interface Option {
  readonly text: string;
  readonly about: string;
}

interface Input {
  readonly list: QueryList;
  readonly text: string;
  readonly caret: number;
  readonly on: boolean;
  readonly values: ValueSource;
}

const NOTHING: readonly Option[] = [];

/** What may be typed at the caret, and which of it is chosen. */
export function useCompletion({ list, text, caret, on, values }: Input) {
  const [active, setActive] = useState<number | null>(null);
  const [closed, setClosed] = useState(false);
  const found = useMemo(() => (on ? completeQuery(text, caret, list) : null), [on, text, caret, list]);
  const ask = found?.ask ?? null;
  const asked = useQuery({
    queryKey: ['values', list, ask?.field, ask?.prefix],
    queryFn: ({ signal }) => values(ask?.field ?? '', ask?.prefix ?? '', signal),
    enabled: ask !== null,
    staleTime: 60_000,
  });
  const options = useMemo((): readonly Option[] => {
    if (!found) return NOTHING;
    if (!found.ask) return found.options;
    return (asked.data ?? []).map(({ value, count }) => ({ text: value, about: String(count) }));
  }, [found, asked.data]);
  useEffect(() => {
    setActive(null);
    setClosed(false);
  }, [text, on]);

  const open = on && !closed && options.length > 0;
  const onKey = (event: KeyboardEvent, accept: (option: string) => void): boolean => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && options.length > 0) {
      event.preventDefault();
      setClosed(false);
      setActive((before) => ((before ?? (step > 0 ? -1 : 0)) + step + options.length) % options.length);
      return true;
    }
    const chosen = active === null ? undefined : options[active];
    if (open && chosen && (event.key === 'Enter' || event.key === 'Tab')) {
      event.preventDefault();
      accept(chosen.text);
      return true;
    }
    if (open && event.key === 'Escape') {
      event.preventDefault();
      setClosed(true);
      return true;
    }
    return false;
  };
  return {
    open,
    options,
    active: open ? active : null,
    place: found ? { start: found.start, end: found.end } : null,
    setActive,
    close: () => setClosed(true),
    onKey,
  };
}

export type Completion = ReturnType<typeof useCompletion>;
