import { type Dataset, datasetFolder, readDataset } from '../../examples/retail/dataset';

/**
 * The data set these suites compare with. It stands beside the repository, not in it: where it must be there (CI) its
 * absence fails the suite, elsewhere the suite is skipped and says so.
 */
export function describeWithDataset(title: string, body: (dataset: Dataset) => void): void {
  const dataset = readDataset();
  if (dataset) {
    describe(title, () => body(dataset));
    return;
  }
  const missing = `the data set is not at ${datasetFolder()}; set WRIT_DATASETS to the folder that holds tau2`;
  if (process.env['CI'] === 'true') {
    describe(title, () => {
      test('the data set is there', () => {
        throw new Error(missing);
      });
    });
    return;
  }
  process.stderr.write(`\nSKIPPED: ${title}: ${missing}\n`);
  describe.skip(title, () => {
    test(missing, () => undefined);
  });
}
