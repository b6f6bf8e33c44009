import { standingOf, wordsOf } from './standing';

const NOW = Date.parse('2026-11-23T12:00:00.000Z');
const key = (expires: string, revoked: string | null = null) => ({ expires_at: expires, revoked_at: revoked });

describe('how a key stands', () => {
  it.each([
    ['Good', key('2026-12-23T12:00:00.000Z')],
    ['Expires soon', key('2026-11-25T12:00:00.000Z')],
    ['Expired', key('2026-11-23T12:00:00.000Z')],
    ['Revoked', key('2026-12-23T12:00:00.000Z', '2026-11-23T11:00:00.000Z')],
    ['Revoked', key('2026-11-01T12:00:00.000Z', '2026-10-23T11:00:00.000Z')],
  ])('is %s', (word, one) => {
    expect(standingOf(one, NOW).word).toBe(word);
  });

  it('takes lists as people write them, each word once', () => {
    expect(wordsOf(' run.read, audit.read\n run.read ')).toEqual(['run.read', 'audit.read']);
    expect(wordsOf('  ')).toEqual([]);
  });
});
