/** Steps of W5: sequential no-op steps, each durable before the next. */
export const W5_STEPS = 5;

/** Branches of F8: no-op steps at once; one more step merges them. */
export const F8_BRANCHES = 8;
export const F8_STEPS = F8_BRANCHES + 1;

/** What every system's step returns, about 200 bytes of JSON. */
export const stepResult = (step: number) => ({
  ok: true,
  step,
  summary: 'three documents matched the query and the first of them was kept',
  documents: ['doc-000123', 'doc-000456', 'doc-000789'],
  tokens: { in: 512, out: 128 },
  cost: 0.00213,
});

/** Connections a system may open at this concurrency: the same number for every system that takes one. */
export const poolSize = (concurrency: number): number => Math.min(Math.max(concurrency, 2), 20);
