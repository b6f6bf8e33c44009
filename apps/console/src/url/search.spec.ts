import { keep, parseSearch, stringifySearch } from './search';

describe('the search of an address', () => {
  it.each([
    { q: 'status:failed,denied agent:refund-*' },
    { q: '"chargeback & dispute" cost:>0.50', from: '-24h' },
    { q: 'a+b 100% #b ä' },
    { from: '2026-11-22T09:31:00.000Z', sel: 'run_01k8x0q3wsf5z8k2m4n6p8r0t2' },
  ])('comes back as it was: %j', (search) => {
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it('reads well', () => {
    expect(stringifySearch({ q: 'status:failed agent:a/b', from: '-24h' })).toBe(
      '?q=status:failed+agent:a/b&from=-24h',
    );
  });

  it('leaves out what is empty', () => {
    expect(stringifySearch({ q: '', sel: undefined })).toBe('');
  });

  it('keeps only what a page knows', () => {
    expect(keep('q', 'sel')({ q: 'x', sel: '', other: 'y', tab: 3 })).toEqual({ q: 'x' });
  });
});
