import { canonicalJson, digestOf } from '@writ/kernel';
import type { Classified, Classifier, RouteExamples } from './classifier';
import { featuresOf } from './features';

/** Raised when the features or the formula change: scores of another version are not comparable. */
const ALGORITHM = 'lexical-1';
/** How many of a route's nearest examples speak for it, beside its nearest and the average of all. */
const NEAREST = 5;
/** Scores are kept to six digits: enough to order, short enough to record. */
const DIGITS = 1e6;

/**
 * A classifier by shared words and pieces of words. Examples are tf-idf vectors of length 1; a route's score is the mean
 * of three cosines: with its nearest example, its five nearest, and its centre. What no example knows counts against
 * every route, so that a foreign text scores low everywhere. Training takes one pass over the examples; a text costs the
 * examples that share a feature with it.
 */
export function trainLexical(routes: readonly RouteExamples[]): Classifier {
  return new Lexical(routes);
}

type Vector = ReadonlyMap<string, number>;

class Lexical implements Classifier {
  readonly #version: string;
  readonly #names: readonly string[];
  /** Route of each example, by index into the names. */
  readonly #routeOf: Int32Array;
  /** Which examples have a feature, and with what weight. */
  readonly #postings = new Map<string, { readonly examples: number[]; readonly weights: number[] }>();
  readonly #rarity: (feature: string) => number;
  readonly #counts: Float64Array;
  /** Length of each route's centre, before it is made 1. */
  readonly #centres: Float64Array;

  constructor(routes: readonly RouteExamples[]) {
    const sorted = [...routes].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#version = `${ALGORITHM} ${digestOf(canonicalJson(sorted.map((route) => [route.name, [...route.utterances]])))}`;
    this.#names = sorted.map((route) => route.name);
    const examples = sorted.flatMap((route, index) =>
      route.utterances.map((text) => ({ index, found: featuresOf(text) })),
    );
    this.#routeOf = Int32Array.from(examples, (one) => one.index);
    this.#counts = Float64Array.from(sorted, (route) => Math.max(1, route.utterances.length));
    const seen = new Map<string, number>();
    for (const { found } of examples)
      for (const feature of found.keys()) seen.set(feature, (seen.get(feature) ?? 0) + 1);
    const total = examples.length;
    this.#rarity = (feature) => Math.log((1 + total) / (1 + (seen.get(feature) ?? 0))) + 1;
    const centres = sorted.map(() => new Map<string, number>());
    examples.forEach(({ index, found }, example) => {
      for (const [feature, weight] of this.#vector(found)) {
        let posting = this.#postings.get(feature);
        if (!posting) this.#postings.set(feature, (posting = { examples: [], weights: [] }));
        posting.examples.push(example);
        posting.weights.push(weight);
        centres[index]!.set(feature, (centres[index]!.get(feature) ?? 0) + weight);
      }
    });
    this.#centres = Float64Array.from(centres, (centre) => lengthOf(centre) || 1);
  }

  classify(text: string): Classified {
    const likeness = new Float64Array(this.#routeOf.length);
    for (const [feature, weight] of this.#vector(featuresOf(text))) {
      const posting = this.#postings.get(feature);
      posting?.examples.forEach((example, i) => (likeness[example]! += weight * posting.weights[i]!));
    }
    const byRoute = this.#names.map((): number[] => []);
    likeness.forEach((value, example) => {
      if (value > 0) byRoute[this.#routeOf[example]!]!.push(value);
    });
    const scores = this.#names.map((route, i) => ({ route, score: this.#score(i, byRoute[i]!) }));
    scores.sort((a, b) => b.score - a.score || (a.route < b.route ? -1 : 1));
    return { scores, version: this.#version };
  }

  #score(route: number, likeness: number[]): number {
    if (likeness.length === 0) return 0;
    const sum = likeness.reduce((total, value) => total + value, 0);
    const nearest = likeness.sort((a, b) => b - a).slice(0, NEAREST);
    const near = nearest.reduce((total, value) => total + value, 0) / Math.min(NEAREST, this.#counts[route]!);
    const mean = (nearest[0]! + near + sum / this.#centres[route]!) / 3;
    return Math.min(1, Math.round(mean * DIGITS) / DIGITS);
  }

  #vector(found: Vector): Vector {
    const weighed = new Map<string, number>();
    for (const [feature, count] of found) weighed.set(feature, (1 + Math.log(count)) * this.#rarity(feature));
    const length = lengthOf(weighed) || 1;
    for (const [feature, weight] of weighed) weighed.set(feature, weight / length);
    return weighed;
  }
}

function lengthOf(vector: Vector): number {
  let squares = 0;
  for (const weight of vector.values()) squares += weight * weight;
  return Math.sqrt(squares);
}
