import type { RuleMatch, StageResult } from '../types';
import { foundWords } from './guard-stage';
import { ABSOLUTE, GUARD, PLATFORM } from './rule-ids';

/** What guardrails said of an act, for people who may read the policy: `guardrail no_cards found 1 payment_card at output`. */
export function guarding({ stages }: { readonly stages: readonly StageResult[] }): string {
  const matches = stages.find(({ stage }) => stage === 'guardrail')?.matches ?? [];
  const said = matches.map(words);
  return said.length === 0 ? 'a guardrail stands against it' : said.join('; ');
}

function words({ rid, read, condition, error }: RuleMatch): string {
  if (rid.startsWith(ABSOLUTE)) {
    const id = idOf(rid.slice(ABSOLUTE.length));
    const why =
      error !== undefined
        ? `, and its condition could not be told (${error})`
        : condition === null
          ? ''
          : ` (${condition})`;
    return `absolute rule ${id} forbids it to everybody${why}`;
  }
  const id = idOf(rid.slice(GUARD.length));
  const { boundary = '', ...what } = read;
  if (error !== undefined) return `guardrail ${id} could not look at the content (${error}), at ${String(boundary)}`;
  return `guardrail ${id} found ${foundWords(what)} at ${String(boundary)}`;
}

/** `no_cards`, or `no_cards of the platform`. */
const idOf = (id: string): string => (id.startsWith(PLATFORM) ? `${id.slice(PLATFORM.length)} of the platform` : id);
