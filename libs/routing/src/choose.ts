import type { RouteScore } from './classifier';

/** From when on the best route is taken: it scores at least `threshold`, and leads the next by at least `margin`. */
export interface Certainty {
  readonly threshold: number;
  readonly margin: number;
}

export type Choice =
  | { readonly route: string; readonly score: number; readonly lead: number }
  | {
      readonly route: null;
      readonly because: 'below_threshold' | 'within_margin';
      readonly score: number;
      readonly lead: number;
    };

/** The best route, or why none is certain enough. `scores` are sorted, best first; an alone route leads by its score. */
export function chooseRoute(scores: readonly RouteScore[], { threshold, margin }: Certainty): Choice {
  const [best, next] = scores;
  const score = best?.score ?? 0;
  const lead = score - (next?.score ?? 0);
  // Nothing in common is never a choice, whatever the threshold.
  if (!best || score <= 0 || score < threshold) return { route: null, because: 'below_threshold', score, lead };
  if (lead < margin) return { route: null, because: 'within_margin', score, lead };
  return { route: best.route, score, lead };
}
