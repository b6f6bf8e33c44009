import type { ResponseOf } from '@writ/contract';

export type Guardrail = ResponseOf<'listGuardrails'>['checks'][number];
export type Tried = ResponseOf<'tryGuardrails'>;

/** “no_cards”, or “no_cards (of the platform)”. */
export const nameOf = ({ id, set_by: by }: Pick<Guardrail, 'id' | 'set_by'>): string =>
  by === 'platform' ? `${id.slice(id.indexOf(':') + 1)} (of the platform)` : id;

/** “credential, payment_card; 3 words”. */
export function lookedFor({ looks_for: kind, what, words }: Pick<Guardrail, 'looks_for' | 'what' | 'words'>): string {
  const listed = words === 0 ? [] : [`${words} ${words === 1 ? 'word' : 'words'}`];
  switch (kind) {
    case 'detect':
      return [what.join(', '), ...listed].join('; ');
    case 'words':
      return listed.join('');
    case 'longer_than':
      return `more than ${what.join('')} characters`;
    case 'labels':
      return `the labels ${what.join(', ')}`;
    case 'call':
      return `what ${what.join('')} says`;
  }
}

/** What follows when it fires. */
export function follows({ then, ask }: Pick<Guardrail, 'then' | 'ask'>): string {
  return then === 'ask' ? `asks people (${ask ?? ''})` : then === 'redact' ? 'takes it out' : 'denies';
}

const VERDICTS: { readonly [V in Tried['verdict']]: string } = {
  allow: 'It would pass.',
  ask: 'People would be asked.',
  deny: 'It would not pass.',
};
export const verdictWords = (verdict: Tried['verdict']): string => VERDICTS[verdict];

/** “no_cards: fired (1 payment_card)”. */
export function saidWords({ guardrail, outcome, what }: Tried['checks'][number]): string {
  const found = Object.entries(what).map(([kind, value]) => `${value} ${kind}`);
  return `${guardrail}: ${outcome.replace('_', ' ')}${found.length === 0 ? '' : ` (${found.join(', ')})`}`;
}
