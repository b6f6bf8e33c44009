import { follows, lookedFor, nameOf, saidWords } from './words';

describe('guardrails in words', () => {
  it('say what is looked for, and what follows', () => {
    expect(lookedFor({ looks_for: 'detect', what: ['iban', 'email'], words: 2 })).toBe('iban, email; 2 words');
    expect(lookedFor({ looks_for: 'words', what: [], words: 1 })).toBe('1 word');
    expect(lookedFor({ looks_for: 'call', what: ['tool:judge'], words: 0 })).toBe('what tool:judge says');
    expect([follows({ then: 'ask', ask: 'owner' }), follows({ then: 'redact', ask: null })]).toEqual([
      'asks people (owner)',
      'takes it out',
    ]);
    expect(nameOf({ id: 'no_cards', set_by: 'tenant' })).toBe('no_cards');
    expect(nameOf({ id: 'platform:no_cards', set_by: 'platform' })).toBe('no_cards (of the platform)');
    expect(saidWords({ guardrail: 'a', outcome: 'not_asked', what: {} })).toBe('a: not asked');
    expect(saidWords({ guardrail: 'a', outcome: 'fired', what: { iban: 2 } })).toBe('a: fired (2 iban)');
  });
});
