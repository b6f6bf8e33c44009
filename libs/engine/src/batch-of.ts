import type { BatchId } from '@writ/kernel';

/** One item of a batch, by its place and its key. */
export interface BatchOf {
  readonly id: BatchId;
  readonly place: number;
  readonly key: string;
}
