/** How well one route fits, from 0 (nothing in common) to 1. */
export interface RouteScore {
  readonly route: string;
  readonly score: number;
}

export interface Classified {
  /** Every route, best first; equal scores by name. */
  readonly scores: readonly RouteScore[];
  /** Names algorithm and training data: equal versions give equal scores for equal texts, on any machine. */
  readonly version: string;
}

/**
 * Tells which of a closed set of routes a text belongs to. Pure and local: no clock, no chance, no network, so that a score
 * in a run's journal can be computed again. Any text is answered, also an empty one; callers decide by threshold and margin
 * whether the best route is good enough, and the policy decides whether it may be taken.
 */
export interface Classifier {
  classify(text: string): Classified;
}

/** Examples of what belongs to a route. */
export interface RouteExamples {
  readonly name: string;
  readonly utterances: readonly string[];
}
