import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCases } from './cases';
import { policiesDirectory } from './model-file';
import { readBundle } from './read-bundle';
import { buildSnapshot, type Snapshot } from './snapshot';

const directory = join(policiesDirectory(), 'cases');

async function platform(): Promise<Snapshot> {
  const bundle = await readBundle(policiesDirectory());
  if (!bundle.ok) throw new Error(bundle.failure.message);
  const built = await buildSnapshot(bundle.value);
  if (!built.ok) throw new Error(built.failure.message);
  return built.value;
}

describe.each(readdirSync(directory))('the decision table %s', (file) => {
  it('holds for the shipped rules, line by line', async () => {
    const results = runCases(await platform(), readFileSync(join(directory, file), 'utf8'));
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ passed }) => !passed).map(({ name, got, sentence }) => ({ name, got, sentence }))).toEqual(
      [],
    );
  });
});

describe('a decision table', () => {
  it('fails where its expectation is wrong, so it can be trusted where it passes', async () => {
    const [result] = runCases(
      await platform(),
      `cases: [{ who: [auditor], act: policy.change, on: policy:active, expect: allow }]`,
    );
    expect(result).toMatchObject({ passed: false, expected: 'allow', got: 'deny' });
  });

  it('refuses an action or a field that does not exist', async () => {
    const snapshot = await platform();
    expect(() => runCases(snapshot, 'cases: [{ act: policy.chang, on: policy:x, expect: deny }]')).toThrow();
    expect(() =>
      runCases(snapshot, 'cases: [{ act: policy.change, on: policy:x, expcet: deny, expect: deny }]'),
    ).toThrow();
  });
});
