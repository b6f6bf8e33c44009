import fc from 'fast-check';
import type { Failure } from '@writ/kernel';
import type { EffectClass } from '@writ/words';
import { afterFailure, backoffMs } from './retry';

const failure = (code: string, kind: Failure['class']): Failure => ({ code, class: kind, message: code });

describe('what follows a failed attempt', () => {
  const transient = failure('unavailable', 'transient');
  const table: [EffectClass, 'no' | 'maybe' | 'yes', Failure, number, string][] = [
    ['read', 'no', transient, 1, 'retry'],
    ['read', 'maybe', transient, 1, 'retry'],
    ['read', 'maybe', transient, 3, 'give_up'],
    ['idempotent', 'maybe', transient, 1, 'retry'],
    ['compensable', 'maybe', transient, 1, 'unknown'],
    ['irreversible', 'maybe', transient, 1, 'unknown'],
    ['irreversible', 'maybe', failure('x', 'permanent'), 9, 'unknown'],
    ['irreversible', 'no', transient, 1, 'retry'],
    ['irreversible', 'yes', failure('tool_error', 'permanent'), 1, 'give_up'],
    ['read', 'no', failure('bad_request', 'permanent'), 1, 'give_up'],
    ['irreversible', 'no', failure('permit_expired', 'policy'), 9, 'retry'],
    ['irreversible', 'no', failure('permit_forged', 'policy'), 1, 'give_up'],
  ];

  it.each(table)('[I5] %s, landed %s: %j at attempt %i → %s', (effect, landed, why, number, expected) => {
    expect(afterFailure({ kind: 'tool', effect, failure: why, landed, number, max: 3 })).toBe(expected);
  });

  it('[I5] an unrepeatable effect that may have landed is never retried, whatever failed', () => {
    const classes = fc.constantFrom<Failure['class']>(
      'transient',
      'permanent',
      'policy',
      'budget',
      'unknown',
      'cancelled',
      'bug',
    );
    const effects = fc.constantFrom<EffectClass>('compensable', 'irreversible');
    fc.assert(
      fc.property(classes, effects, fc.nat(50), fc.nat(50), (kind, effect, number, max) => {
        const next = afterFailure({ kind: 'tool', effect, failure: failure('x', kind), landed: 'maybe', number, max });
        expect(next).toBe('unknown');
      }),
    );
  });
});

describe('backoff', () => {
  it('stays within its bounds and honours what the other side asks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempt, random) => {
          const ms = backoffMs(failure('x', 'transient'), attempt, random);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(30_000);
        },
      ),
    );
    expect(backoffMs({ ...failure('x', 'transient'), details: { retry_after_ms: 1500 } }, 1, 0.5)).toBe(1500);
  });
});
