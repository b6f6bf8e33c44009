import { type Certainty, chooseRoute } from './choose';
import type { Classifier, RouteScore } from './classifier';

/** A text and the route it belongs to; null for one that belongs to none. */
export interface LabelledText {
  readonly text: string;
  readonly route: string | null;
}

export interface Measured {
  readonly cases: number;
  /** Share of the cases that are answered. */
  readonly coverage: number;
  /** Share of the answers that are right; 1 when there are none. An answer to what belongs nowhere is wrong. */
  readonly precision: number;
}

/** What threshold and margin achieve on labelled texts. */
export function measure(classifier: Classifier, cases: readonly LabelledText[], certainty: Certainty): Measured {
  return measured(scored(classifier, cases), certainty);
}

/**
 * The threshold and margin that answer most of the labelled texts while at least `precision` of the answers are right;
 * of equal ones the more careful. Null when no setting is that precise. Measure the result on texts that were not used
 * here: on these it flatters.
 */
export function calibrate(
  classifier: Classifier,
  cases: readonly LabelledText[],
  goal: { readonly precision: number },
): (Certainty & Measured) | null {
  const all = scored(classifier, cases);
  let best: (Certainty & Measured) | null = null;
  for (const threshold of steps(all.map((one) => one.scores[0]?.score ?? 0))) {
    for (const margin of MARGINS) {
      const result = measured(all, { threshold, margin });
      if (result.coverage === 0 || result.precision < goal.precision) continue;
      if (best && result.coverage < best.coverage) continue;
      best = { threshold, margin, ...result };
    }
  }
  return best;
}

const MARGINS = [0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3];
const STEPS = 50;

/** Thresholds to try, rounded so that they can be written into a definition: where the scores really lie. */
function steps(scores: readonly number[]): readonly number[] {
  const sorted = [...scores].sort((a, b) => a - b);
  const at = (i: number): number => sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / STEPS))] ?? 0;
  return [...new Set(Array.from({ length: STEPS }, (_, i) => Math.floor(at(i) * 1000) / 1000))];
}

interface Scored {
  readonly scores: readonly RouteScore[];
  readonly route: string | null;
}

const scored = (classifier: Classifier, cases: readonly LabelledText[]): readonly Scored[] =>
  cases.map(({ text, route }) => ({ scores: classifier.classify(text).scores.slice(0, 2), route }));

function measured(all: readonly Scored[], certainty: Certainty): Measured {
  let answered = 0;
  let right = 0;
  for (const { scores, route } of all) {
    const choice = chooseRoute(scores, certainty);
    if (choice.route === null) continue;
    answered += 1;
    if (choice.route === route) right += 1;
  }
  return {
    cases: all.length,
    coverage: all.length === 0 ? 0 : answered / all.length,
    precision: answered === 0 ? 1 : right / answered,
  };
}
