import { type Combined, combine, standing } from './combine';
import type { Effect } from './rule';

describe('effects', () => {
  it.each<[Effect[], Combined]>([
    [[], 'silent'],
    [['allow'], 'allow'],
    [['deny'], 'deny'],
    [['allow', 'allow'], 'allow'],
    [['allow', 'deny'], 'deny'],
    [['deny', 'allow'], 'deny'],
    [['allow', 'deny', 'allow'], 'deny'],
  ])('[I7] of %j combine to %s: forbid wins, silence denies', (effects, expected) => {
    expect(combine(effects.includes('allow'), effects.includes('deny'))).toBe(expected);
  });

  it('[I7] an error makes a deny rule match and keeps an allow rule from matching', () => {
    expect(standing('allow', true)).toBe('matched');
    expect(standing('deny', true)).toBe('matched');
    expect(standing('allow', false)).toBe('unmatched');
    expect(standing('deny', false)).toBe('unmatched');
    expect(standing('allow', 'error')).toBe('erred');
    expect(standing('deny', 'error')).toBe('matched');
  });
});
