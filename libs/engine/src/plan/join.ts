import { assertNever, canonicalJson, type Failure, type Json } from '@writ/kernel';
import { type Merge, valueAt } from '@writ/registry';

export type BranchOutcome = 'ok' | 'failed' | 'timed_out';

export interface JoinInput {
  /** In the order of the merge. */
  readonly keys: readonly string[];
  /** Those that ended, in the order they did. */
  readonly ended: ReadonlyMap<string, { readonly outcome: BranchOutcome; readonly failure?: Failure }>;
  /** The join's own deadline has passed: it is decided with what there is. */
  readonly timeUp: boolean;
}

/** `merged` and `cancelled` are in key order. A failed branch never discards what its siblings finished. */
export type JoinVerdict =
  | { readonly kind: 'open' }
  | { readonly kind: 'ok'; readonly merged: readonly string[]; readonly cancelled: readonly string[] }
  | { readonly kind: 'failed'; readonly cancelled: readonly string[]; readonly failure: Failure };

/**
 * What a merge policy says of the branches so far. Pure.
 * - all: every branch; the first failure decides     - first_success: the first that ends well is the output
 * - any: as soon as one ended well, with whatever ended well by then
 * - best_effort: once all ended, what ended well, at least `min` (0)
 * - quorum, min: as soon as `count` ended well; failed as soon as they no longer can
 * - vote, reduce, judge: once all ended, of those that ended well, at least `min` (1)
 */
export function joinVerdict(policy: Merge<unknown>, input: JoinInput): JoinVerdict {
  const { keys, ended, timeUp } = input;
  const good = keys.filter((key) => ended.get(key)?.outcome === 'ok');
  const left = keys.filter((key) => !ended.has(key));
  const over = left.length === 0 || timeUp;
  const ok = (merged: readonly string[]): JoinVerdict => ({ kind: 'ok', merged, cancelled: left });
  const fail = (code: string, message: string): JoinVerdict => ({
    kind: 'failed',
    cancelled: left,
    failure: { code, class: 'permanent', message, details: { branches: outcomes(input) } },
  });
  /** With the first that did not, by key: whoever reads of a merge that failed looks for what went wrong in it. */
  const tooFew = (needed: number): string => {
    const bad = keys.find((key) => ended.has(key) && ended.get(key)!.outcome !== 'ok');
    const cause = bad === undefined ? '' : `; branch ${bad} ${reason(ended.get(bad)!)}`;
    return `${good.length} of ${keys.length} branches ended well, and ${needed} must${cause}`;
  };
  const atLeast = (min: number): JoinVerdict => {
    if (!over) return { kind: 'open' };
    if (good.length >= min) return ok(good);
    return fail(timeUp ? 'join_timeout' : 'too_few_branches', tooFew(min));
  };
  switch (policy.policy) {
    case 'all': {
      const bad = [...ended].find(([, end]) => end.outcome !== 'ok');
      if (bad) return fail('branch_failed', `branch ${bad[0]} ${reason(bad[1])}`);
      if (left.length === 0) return ok(good);
      return timeUp ? fail('join_timeout', `${left.length} of ${keys.length} branches did not end in time`) : open;
    }
    case 'first_success': {
      const first = [...ended].find(([, end]) => end.outcome === 'ok');
      if (first) return ok([first[0]]);
      return atLeast(1);
    }
    case 'any':
      return good.length > 0 ? ok(good) : atLeast(1);
    case 'best_effort':
      return atLeast(policy.min ?? 0);
    case 'quorum':
    case 'min': {
      if (good.length >= policy.count) return ok(inOrderOfEnding(input, policy.count));
      const reachable = good.length + (timeUp ? 0 : left.length);
      if (reachable >= policy.count) return open;
      return fail('quorum_unmet', tooFew(policy.count));
    }
    case 'vote':
      return atLeast(1);
    case 'reduce':
    case 'judge':
      return atLeast(policy.min ?? 1);
    default:
      return assertNever(policy, 'merge policy');
  }
}

const open: JoinVerdict = { kind: 'open' };

/** The first `count` that ended well, whatever ended with them in the same look, in key order. */
function inOrderOfEnding({ keys, ended }: JoinInput, count: number): readonly string[] {
  const first = new Set(
    [...ended]
      .filter(([, end]) => end.outcome === 'ok')
      .slice(0, count)
      .map(([key]) => key),
  );
  return keys.filter((key) => first.has(key));
}

const reason = ({ outcome, failure }: { readonly outcome: BranchOutcome; readonly failure?: Failure }): string =>
  outcome === 'timed_out' ? 'did not end in time' : `failed: ${failure?.message ?? 'no reason given'}`;

/** The most that a failure's details name: the journal holds the rest. */
const MOST_NAMED = 20;

const outcomes = ({ keys, ended }: JoinInput): string =>
  keys
    .slice(0, MOST_NAMED)
    .map((key) => `${key} ${ended.get(key)?.outcome ?? 'cancelled'}`)
    .join(', ');

/**
 * The value that most branches gave, by the canonical JSON of what `pointer` names in their outputs; a branch without
 * such a value abstains. A tie goes to the value whose first voter comes first in key order, or is a failure.
 */
export function tally(
  votes: readonly { readonly key: string; readonly output: Json }[],
  rule: { readonly pointer?: string | undefined; readonly tie: 'first' | 'fail' },
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly failure: Failure } {
  const counts = new Map<string, { readonly value: Json; count: number }>();
  for (const { output } of votes) {
    const value = valueAt(output, rule.pointer ?? '');
    if (value === undefined) continue;
    const text = canonicalJson(value);
    const seen = counts.get(text);
    if (seen) seen.count += 1;
    else counts.set(text, { value, count: 1 });
  }
  const ranked = [...counts.values()].sort((a, b) => b.count - a.count);
  const [first, second] = ranked;
  const failed = (code: string, message: string) =>
    ({ ok: false, failure: { code, class: 'permanent', message } }) as const;
  if (!first) return failed('no_votes', 'no branch gave a value to vote with');
  if (second?.count === first.count && rule.tie === 'fail') {
    return failed(
      'vote_tied',
      `${ranked.filter((one) => one.count === first.count).length} values have ${first.count} votes each`,
    );
  }
  return { ok: true, value: first.value };
}
