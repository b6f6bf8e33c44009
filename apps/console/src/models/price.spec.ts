import { microsOf, priceOf, priceText } from './price';

describe('prices of models', () => {
  it('are typed as people write them, and kept to the millionth', () => {
    expect(microsOf('2.50')).toBe(2_500_000);
    expect(microsOf('0,075')).toBe(75_000);
    expect([microsOf(''), microsOf('-1'), microsOf('free')]).toEqual([null, null, null]);
    expect(priceText(2_500_000)).toBe('2.50');
    expect(priceText(75_000)).toBe('0.075');
  });

  it('are whole or none: nobody’s price is half known', () => {
    const typed = { currency: 'USD', input: '2.5', output: '10', cached: '' };
    expect(priceOf(typed)).toEqual({ currency: 'USD', input_micros: 2_500_000, output_micros: 10_000_000 });
    expect(priceOf({ ...typed, cached: '1.25' })).toMatchObject({ cached_input_micros: 1_250_000 });
    expect(priceOf({ ...typed, output: '' })).toBeNull();
    expect(priceOf({ ...typed, cached: 'x' })).toBeNull();
    expect(priceOf({ ...typed, currency: 'dollars' })).toBeNull();
  });
});
