import { parentPort } from 'node:worker_threads';
import { again, prove } from './proof';
import type { Sample } from './sample';

/** What the thread is asked. */
export type Asked =
  | { readonly id: number; readonly kind: 'prove'; readonly body: string; readonly seed: number }
  | { readonly id: number; readonly kind: 'again'; readonly body: string; readonly sample: Sample };

/** `found` as `proof.ts` has it; `failed` says why there is no answer. */
export type Answered =
  { readonly id: number; readonly found: string | null } | { readonly id: number; readonly failed: string };

parentPort?.on('message', (asked: Asked) => {
  const answering = asked.kind === 'prove' ? prove(asked.body, asked.seed) : again(asked.body, asked.sample);
  answering.then(
    (found) => parentPort?.postMessage({ id: asked.id, found } satisfies Answered),
    (error: unknown) => parentPort?.postMessage({ id: asked.id, failed: String(error) } satisfies Answered),
  );
});
