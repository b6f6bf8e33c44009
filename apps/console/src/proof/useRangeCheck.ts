import { type Report, verifyExport } from '@writ/verify';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../api/client';
import { raiseAlarm } from './alarm';
import { pinnedKeys, seenHeads } from './trust';

export type RangeState =
  | { readonly is: 'idle' | 'cancelled' }
  | {
      readonly is: 'running';
      readonly index: number;
      readonly size: number;
      readonly rate: number;
      readonly problems: number;
    }
  | { readonly is: 'failed'; readonly error: unknown }
  | { readonly is: 'done'; readonly report: Report };

/** A page has to be drawn now and then while millions of hashes are computed. */
const DRAW_MS = 80;

/** Reads an export as it arrives and verifies it here, with progress; nothing of it is kept. */
export function useRangeCheck(base: string) {
  const [state, setState] = useState<RangeState>({ is: 'idle' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start = useCallback(
    async (query: { readonly filter?: string; readonly run?: string }, acceptEmbedded: boolean) => {
      running.current?.abort();
      const abort = new AbortController();
      running.current = abort;
      const { signal } = abort;
      setState({ is: 'running', index: 0, size: 0, rate: 0, problems: 0 });
      try {
        const body = await api.audit.export(query, { signal, timeoutMs: 3_600_000 });
        const began = performance.now();
        let drawn = began;
        const report = await verifyExport(breathing(body), {
          trust: { keys: pinnedKeys(base), checkpoints: seenHeads(base), acceptEmbedded },
          signal,
          onProgress: ({ index, size, events, problems }) => {
            const now = performance.now();
            if (now - drawn < DRAW_MS) return;
            drawn = now;
            const rate = Math.round(events / Math.max(0.05, (now - began) / 1_000));
            setState({ is: 'running', index, size, rate, problems });
          },
        });
        if (signal.aborted) return;
        tell(report);
        setState({ is: 'done', report });
      } catch (error) {
        setState(signal.aborted ? { is: 'cancelled' } : { is: 'failed', error });
      }
    },
    [base],
  );
  return { state, start, stop: useCallback(() => running.current?.abort(), []) };
}

function tell(report: Report): void {
  const [first] = report.problems;
  if (report.verdict !== 'broken' || !first) return;
  raiseAlarm({
    said: first.message,
    index: first.index,
    event: first.event,
    ...(first.byte === null ? {} : { byte: first.byte }),
    ...(first.expected === null ? {} : { expected: first.expected }),
    ...(first.found === null ? {} : { found: first.found }),
  });
}

/** The chunks of a body, with room for the page between them. */
async function* breathing(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  let last = performance.now();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
      if (performance.now() - last < DRAW_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      last = performance.now();
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
