import { bring } from './installed';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** The fonts are metrically those of most desktops, so that what fits here fits there. */
const PACKAGES = ['chromium', 'fonts-liberation'];

/**
 * `describe` when a browser can be had. Elsewhere the suite is skipped loudly, and counted as skipped; in CI its absence
 * is a failure: what people see would go untested.
 */
export function describeWithBrowser(name: string, suite: (executable: string) => void): void {
  const executable = bring(NAMES, PACKAGES);
  if (executable !== null) {
    describe(name, () => suite(executable));
    return;
  }
  if (process.env['CI'] === 'true') {
    it(`${name}: chromium must be here`, () => {
      throw new Error('chromium is not on PATH and could not be installed');
    });
    return;
  }
  console.warn(`SKIPPED: ${name}: no chromium on PATH; install it to run this suite`);
  describe.skip(name, () => {
    it('needs a browser', () => undefined);
  });
}
