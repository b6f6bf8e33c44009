import fc from 'fast-check';
import { calibrate, chooseRoute, measure, trainLexical } from './index';

const routes = [
  { name: 'refund', utterances: ['I want my money back', 'please refund my order', 'give me a refund for this'] },
  { name: 'shipping', utterances: ['where is my parcel', 'when will my order arrive', 'track the delivery'] },
  { name: 'account', utterances: ['I cannot log in', 'reset my password', 'change my email address'] },
];
const classifier = trainLexical(routes);
const best = (text: string): string | undefined => classifier.classify(text).scores[0]?.route;

describe('the lexical classifier', () => {
  test.each([
    ['could you refund the order', 'refund'],
    ['REFUNDS!', 'refund'],
    ['my parcels are where', 'shipping'],
    ['i forgot my pasword', 'account'],
  ])('%s: %s', (text, route) => {
    expect(best(text)).toBe(route);
  });

  test('every route has a score, best first, and a foreign text scores low everywhere', () => {
    const { scores } = classifier.classify('quantum chromodynamics');
    expect(scores).toHaveLength(3);
    expect(scores[0]!.score).toBeLessThan(0.15);
    expect(classifier.classify('').scores).toEqual([
      { route: 'account', score: 0 },
      { route: 'refund', score: 0 },
      { route: 'shipping', score: 0 },
    ]);
  });

  test('an example of its own scores nearly 1 at its nearest', () => {
    expect(classifier.classify('reset my password').scores[0]!.score).toBeGreaterThan(0.5);
  });

  test('the version names the examples, not their order among routes', () => {
    const version = (set: typeof routes): string => trainLexical(set).classify('x').version;
    expect(version([...routes].reverse())).toBe(version(routes));
    expect(version([...routes.slice(1), { name: 'refund', utterances: ['other'] }])).not.toBe(version(routes));
  });

  test('any text is answered: sorted, within 0 and 1, twice the same', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('refund', 'where is my'));
    fc.assert(
      fc.property(text, (any) => {
        const { scores } = classifier.classify(any);
        expect(scores.map((one) => one.score)).toEqual([...scores.map((one) => one.score)].sort((a, b) => b - a));
        expect(scores.every((one) => one.score >= 0 && one.score <= 1)).toBe(true);
        expect(classifier.classify(any).scores).toEqual(scores);
      }),
    );
  });
});

describe('the choice', () => {
  const scores = [
    { route: 'a', score: 0.5 },
    { route: 'b', score: 0.4 },
  ];
  test.each([
    [{ threshold: 0.5, margin: 0.05 }, 'a'],
    [{ threshold: 0.51, margin: 0 }, 'below_threshold'],
    [{ threshold: 0.1, margin: 0.2 }, 'within_margin'],
  ])('%j: %s', (certainty, expected) => {
    const choice = chooseRoute(scores, certainty);
    expect(choice.route ?? choice.because).toBe(expected);
  });

  test('nothing in common is never a choice', () => {
    expect(chooseRoute([{ route: 'a', score: 0 }], { threshold: 0, margin: 0 })).toMatchObject({ route: null });
    expect(chooseRoute([], { threshold: 0, margin: 0 })).toMatchObject({ route: null });
  });
});

describe('calibration', () => {
  const cases = [
    { text: 'refund please', route: 'refund' },
    { text: 'track my parcel', route: 'shipping' },
    { text: 'my order', route: 'shipping' },
    { text: 'what is the weather', route: null },
    { text: 'order a pizza with my money', route: null },
  ];

  test('finds the setting that answers most at the precision that is asked for', () => {
    const found = calibrate(classifier, cases, { precision: 1 });
    expect(found).toMatchObject({ cases: 5, precision: 1 });
    expect(found!.coverage).toBeGreaterThanOrEqual(0.4);
    expect(measure(classifier, cases, found!)).toEqual({
      cases: 5,
      coverage: found!.coverage,
      precision: 1,
    });
  });

  test('says so when nothing is that precise', () => {
    expect(calibrate(classifier, [{ text: 'refund', route: null }], { precision: 0.9 })).toBeNull();
  });
});
