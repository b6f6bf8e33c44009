/** What a decision says: it may be done, it may not, or people are asked first. */
export const VERDICTS = ['allow', 'deny', 'ask'] as const;
export type Verdict = (typeof VERDICTS)[number];
