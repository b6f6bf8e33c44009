import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calibrate, chooseRoute, type LabelledText, measure, type RouteExamples, trainLexical } from '@writ/routing';
import { describeWithData } from '../support/with-data';

type Pair = readonly [text: string, label: string];

function examplesOf(pairs: readonly Pair[]): readonly RouteExamples[] {
  const byLabel = new Map<string, string[]>();
  for (const [text, label] of pairs) byLabel.set(label, [...(byLabel.get(label) ?? []), text]);
  return [...byLabel].map(([name, utterances]) => ({ name, utterances }));
}

const labelled = (pairs: readonly Pair[]): LabelledText[] =>
  pairs.map(([text, label]) => ({ text, route: label === 'oos' ? null : label }));
const every = <T>(items: readonly T[], rest: number, of = 2): T[] => items.filter((_, i) => i % of === rest);
const share = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** Calibrates on one half of the labelled texts, and measures on the other, which nothing was fitted to. */
function report(title: string, examples: readonly RouteExamples[], cases: readonly LabelledText[]) {
  const classifier = trainLexical(examples);
  const [fit, held] = [every(cases, 0), every(cases, 1)];
  const inScope = held.filter((one) => one.route !== null);
  const top = inScope.filter((one) => classifier.classify(one.text).scores[0]?.route === one.route).length;
  const certainty = calibrate(classifier, fit, { precision: 0.95 });
  if (!certainty) throw new Error(`${title}: no setting reaches the precision asked for`);
  const result = measure(classifier, held, certainty);
  const foreign = held.filter((one) => one.route === null);
  const answered = foreign.filter((one) => chooseRoute(classifier.classify(one.text).scores, certainty).route !== null);
  process.stdout.write(
    `${title}: best of all ${share(top / inScope.length)}; at threshold ${certainty.threshold}, margin ${certainty.margin}: ` +
      `coverage ${share(result.coverage)}, precision ${share(result.precision)} of ${held.length} texts held back` +
      `${foreign.length > 0 ? `; foreign texts answered ${answered.length} of ${foreign.length}` : ''}\n`,
  );
  return { ...result, top: top / inScope.length, foreign: foreign.length, answered: answered.length };
}

describeWithData('routing on public data', 'routing', (folder) => {
  test('CLINC150: 150 intents, calibrated, and abstaining on what belongs nowhere', () => {
    const data = JSON.parse(readFileSync(join(folder, 'clinc150_train_val.json'), 'utf8')) as {
      readonly [part: string]: readonly Pair[];
    };
    const cases = labelled([...data['val']!, ...data['oos_train']!, ...data['oos_val']!]);
    const result = report('CLINC150', examplesOf(data['train']!), cases);
    expect(result.top).toBeGreaterThan(0.8);
    expect(result.precision).toBeGreaterThan(0.92);
    expect(result.coverage).toBeGreaterThan(0.6);
    expect(result.answered / result.foreign).toBeLessThan(0.4);
  });

  test('BANKING77: 77 close intents, a tenth held back', () => {
    const lines = readFileSync(join(folder, 'banking77_train.csv'), 'utf8').trim().split('\n').slice(1);
    const pairs = lines.flatMap((line): Pair[] => {
      const found = /^(?:"((?:[^"]|"")*)"|([^,]*)),(\w[^,]*)$/.exec(line.trim());
      return found ? [[(found[1] ?? found[2] ?? '').replaceAll('""', '"'), found[3]!]] : [];
    });
    const held = pairs.filter((_, i) => i % 10 === 0);
    const result = report('BANKING77', examplesOf(pairs.filter((_, i) => i % 10 !== 0)), labelled(held));
    expect(pairs.length).toBeGreaterThan(9_000);
    expect(result.top).toBeGreaterThan(0.75);
    expect(result.precision).toBeGreaterThan(0.9);
  });
});
