import { spawnSync } from 'node:child_process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of a Chromium on this machine, or null. */
export function chromiumPath(): string | null {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** Brings Chromium where the machine can: from PATH, or with apt as root on Debian. */
function bringChromium(): string | null {
  const found = chromiumPath();
  if (found !== null) return found;
  if (process.getuid?.() !== 0 || spawnSync('which', ['apt-get']).status !== 0) return null;
  const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  spawnSync('apt-get', ['update', '-q'], quiet);
  // The fonts are metrically those of most desktops, so that what fits here fits there.
  const packages = ['chromium', 'fonts-liberation'];
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], quiet);
  return chromiumPath();
}

/**
 * `describe` when a browser can be had. Elsewhere the suite is skipped loudly, and counted as skipped; in CI its absence
 * is a failure: what people see would go untested.
 */
export function describeWithBrowser(name: string, suite: (executable: string) => void): void {
  const executable = bringChromium();
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
