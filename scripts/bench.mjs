import { existsSync } from 'node:fs';
import { installPart } from './install.mjs';
import { at } from './paths.mjs';
import { run } from './process.mjs';
import { plainError } from './say.mjs';

/** The peers beside which Writ is measured are installed only here, only now: no other task needs them. */
export async function bench(args) {
  const main = ['dist/bench/main.js', 'bench/main.mjs'].map((path) => at(path)).find((path) => existsSync(path));
  if (!main) throw plainError('bench/main is missing: this checkout holds no benchmarks.');
  await installPart('bench', 'only the benchmarks need them');
  // Compiled benchmarks lie in dist, from where bench/node_modules is not on the search path.
  const env = { NODE_PATH: at('bench', 'node_modules') };
  return run(process.execPath, ['--enable-source-maps', main, ...args], { env });
}
