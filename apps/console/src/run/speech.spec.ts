import { type Delta, hear, SILENT, type Speeches } from './speech';

const delta = (part: Partial<Delta>): Delta => ({ step: 1, attempt: 1, from: 0, text: '', done: false, ...part });
const heard = (...deltas: readonly Partial<Delta>[]): Speeches =>
  deltas.reduce((speeches: Speeches, one) => hear(speeches, delta(one)), SILENT);
const text = (speeches: Speeches, step = 1): string | undefined => speeches.get(step)?.text;

describe('what a model is saying', () => {
  it('grows word by word', () => {
    expect(text(heard({ text: 'Good ' }, { from: 5, text: 'day.' }))).toBe('Good day.');
  });

  it('stands once when a connection brings it again', () => {
    expect(text(heard({ text: 'Good day' }, { text: 'Good ' }, { from: 5, text: 'day to you' }))).toBe(
      'Good day to you',
    );
  });

  it('shows that words are missing', () => {
    expect(text(heard({ text: 'Good' }, { from: 9, text: 'all.' }))).toBe('Good … all.');
    expect(text(heard({ from: 9, text: 'all.' }))).toBe('all.');
  });

  it('begins anew with another attempt, and never goes back to the one before', () => {
    const again = heard({ text: 'Lost' }, { attempt: 2, text: 'Again' }, { attempt: 1, from: 4, text: ' words' });
    expect(text(again)).toBe('Again');
  });

  it('is told apart by step', () => {
    const both = heard({ text: 'One' }, { step: 2, text: 'Two', done: true });
    expect([text(both), text(both, 2), both.get(2)?.done]).toEqual(['One', 'Two', true]);
  });
});
