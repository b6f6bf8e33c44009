import fc from 'fast-check';
import { handoffFault, nearlySame, type Receipt } from './handoff-limits';

/** Plays the handoffs that agents want, in order, until one is refused; answers how many were made and why it ended. */
function play(
  entry: string,
  wanted: readonly (readonly [to: string, message: string])[],
  limits = { maxHandoffs: 100, maxRepeats: 0 },
) {
  const chain = [entry];
  const received: Receipt[] = [{ agent: entry, message: 'the opening' }];
  for (const [to, message] of wanted) {
    const fault = handoffFault({ chain, received, to, message }, limits);
    if (fault) return { made: chain.length - 1, code: fault.code };
    chain.push(to);
    received.push({ agent: to, message });
  }
  return { made: chain.length - 1, code: null };
}
const round = (names: string, say: (i: number) => string, times: number) =>
  Array.from({ length: names.length * times }, (_, i): [string, string] => [names[(i + 1) % names.length]!, say(i)]);

describe('limits of handing over', () => {
  test('A→B→C→A is stopped where it begins again, by name', () => {
    expect(
      play(
        'A',
        round('ABC', () => 'please go on', 10),
      ),
    ).toEqual({ made: 3, code: 'handoff_cycle' });
    expect(
      play(
        'A',
        round('ABC', () => 'please go on', 10),
        { maxHandoffs: 100, maxRepeats: 1 },
      ),
    ).toEqual({
      made: 6,
      code: 'handoff_cycle',
    });
  });

  test('the same pair with the same words is a ping-pong', () => {
    expect(
      play(
        'A',
        round('AB', () => 'you do it', 10),
      ),
    ).toEqual({ made: 2, code: 'handoff_ping_pong' });
    expect(
      play(
        'A',
        round('AB', (i) => `You  DO it${i % 2 ? '!' : '.'}`, 10),
      ).code,
    ).toBe('handoff_ping_pong');
  });

  test('handing back with something new to say is no circle, and still ends', () => {
    const news = (i: number) => `found entry ${i} with amount ${i * 7} for customer ${i * 13}`;
    expect(play('A', round('AB', news, 3))).toEqual({ made: 6, code: null });
    expect(play('A', round('ABC', news, 20), { maxHandoffs: 10, maxRepeats: 0 })).toEqual({
      made: 10,
      code: 'handoff_limit',
    });
  });

  test('whatever agents want, the number of handoffs is bounded, and by a name', () => {
    const wish = fc.tuple(fc.constantFrom('A', 'B', 'C', 'D'), fc.constantFrom('x', 'y', 'do it', ''));
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 60 }), fc.nat(20), fc.nat(3), (wanted, maxHandoffs, maxRepeats) => {
        const { made, code } = play('A', wanted, { maxHandoffs, maxRepeats });
        expect(made).toBeLessThanOrEqual(maxHandoffs);
        expect(code !== null || made === wanted.length).toBe(true);
        // Four agents and four things to say: without the other limit it ends all the same.
        expect(play('A', wanted, { maxHandoffs: 1000, maxRepeats }).made).toBeLessThanOrEqual(16 * (maxRepeats + 1));
      }),
    );
  });

  test('nearly the same is nine words of ten, in any order', () => {
    expect(nearlySame('please refund order W1', 'Order W1: please refund!')).toBe(true);
    expect(nearlySame('please refund order W1', 'please refund order W2')).toBe(false);
    expect(nearlySame('', '')).toBe(true);
    expect(nearlySame('', 'x')).toBe(false);
  });
});
