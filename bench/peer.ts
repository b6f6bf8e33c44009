import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The source folder bench/, from the compiled file or the source alike: its node_modules holds the peers. */
export const benchFolder = (() => {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'bench', 'package-lock.json');
    if (existsSync(manifest) && !folder.endsWith('dist')) return join(folder, 'bench');
  }
  throw new Error('the folder bench/ with its package-lock.json was not found above this file');
})();

const load = createRequire(join(benchFolder, 'package.json'));

/**
 * A package that only the benchmarks need. `T` describes the few names used of it: the packages are absent when the
 * types are checked, since only `npm run bench` installs them.
 */
export const peer = <T>(name: string): T => load(name) as T;

/** Version as installed, for the record. */
export function peerVersion(name: string): string {
  const manifest = join(benchFolder, 'node_modules', name, 'package.json');
  return existsSync(manifest) ? (load(manifest) as { version: string }).version : 'not installed';
}
