import { below, countsText, LADDER, msText, rungName } from './ladder';

describe('the ladder of a stop', () => {
  it('goes from the softest rung to the hardest, and a release only goes down', () => {
    expect(LADDER.map(({ mode }) => mode)).toEqual(['throttle', 'freeze_new', 'freeze_steps', 'revoke', 'terminate']);
    expect(below('freeze_steps')).toEqual(['throttle', 'freeze_new']);
    expect(below('throttle')).toEqual([]);
  });

  it('says each rung, count and time in words', () => {
    expect(rungName('revoke')).toBe('Now');
    expect(countsText({ running: 3, waiting_approval: 1 })).toBe('3 running, 1 waiting approval');
    expect([msText(12.4), msText(1_250)]).toEqual(['12 ms', '1.3 s']);
  });
});
