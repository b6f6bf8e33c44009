import { existsSync, statSync } from 'node:fs';
import { at } from './paths.mjs';
import { run } from './process.mjs';
import { plainError, say } from './say.mjs';

/** The peers beside which Writ is measured are installed only here, only now: no other task needs them. */
export async function bench(args) {
  const main = ['dist/bench/main.js', 'bench/main.mjs'].map((path) => at(path)).find((path) => existsSync(path));
  if (!main) throw plainError('bench/main is missing: this checkout holds no benchmarks.');
  await installPeers();
  // Compiled benchmarks lie in dist, from where bench/node_modules is not on the search path.
  const env = { NODE_PATH: at('bench', 'node_modules') };
  return run(process.execPath, ['--enable-source-maps', main, ...args], { env });
}

async function installPeers() {
  const manifest = at('bench', 'package.json');
  if (!existsSync(manifest)) return;
  const stamp = at('bench', 'node_modules', '.package-lock.json');
  const lock = at('bench', 'package-lock.json');
  const newest = Math.max(...[manifest, lock].filter((file) => existsSync(file)).map((file) => statSync(file).mtimeMs));
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newest) return;
  say('installing the packages of bench/ (only the benchmarks need them)');
  const command = existsSync(lock) ? 'ci' : 'install';
  const args = [command, '--no-fund', '--no-audit', '--loglevel=error'];
  const status = await run('npm', args, { cwd: at('bench'), shell: process.platform === 'win32' });
  if (status !== 0) throw plainError(`npm ${command} in bench/ failed with exit code ${status}; its message is above.`);
}
