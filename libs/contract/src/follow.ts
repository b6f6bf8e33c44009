import { z } from 'zod';

/** Seconds a request may wait for something to happen. */
export const wait = z.coerce
  .number<number>()
  .int()
  .min(0)
  .max(30)
  .default(0)
  .describe('Without a stream: wait this many seconds for the first event after `after`.');

export const after = z.coerce
  .number<number>()
  .int()
  .min(-1)
  .exactOptional()
  .describe('Only events after this sequence. A stream also takes it from `Last-Event-ID`, which wins.');
