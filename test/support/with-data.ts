import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A folder of the public data sets, which stand beside the repository and not in it (`WRIT_DATASETS`). Where it must be
 * there (CI) its absence fails the suite, elsewhere the suite is skipped and says so.
 */
export function describeWithData(title: string, folder: string, body: (path: string) => void): void {
  const path = join(resolve(process.env['WRIT_DATASETS'] ?? '../shared/data'), folder);
  if (existsSync(path)) {
    describe(title, () => body(path));
    return;
  }
  const missing = `the data set is not at ${path}; set WRIT_DATASETS to the folder that holds ${folder}`;
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
