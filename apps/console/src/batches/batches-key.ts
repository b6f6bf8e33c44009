export const BATCHES_KEY = ['batches'] as const;
