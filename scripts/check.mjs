import { build } from './build.mjs';
import { run } from './process.mjs';
import { say } from './say.mjs';
import { jestCommand } from './test.mjs';

const tool = (path, ...args) => [process.execPath, [`node_modules/${path}`, ...args]];

// By content, so that a checkout of another branch is no other file.
const CACHE = ['--cache', '--cache-strategy', 'content', '--cache-location', 'dist/.prettiercache'];

// Two lanes, since two cores are the least a machine has; the longest two start first.
const LANES = [
  [
    ['lint', tool('eslint/bin/eslint.js', '.', '--max-warnings', '0')],
    ['format', tool('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', ...CACHE, '.')],
  ],
  [
    ['types', tool('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json')],
    ['types of the console', tool('typescript/bin/tsc', '--noEmit', '-p', 'apps/console')],
    ['architecture, units, policy cases', jestCommand(['--selectProjects', 'unit', '--maxWorkers', '2', '--silent'])],
  ],
];

/** Format, lint, types, architecture, units and policy cases: everything that needs no server, in under a minute. */
export async function check() {
  await build();
  const started = Date.now();
  const results = (await Promise.all(LANES.map(lane))).flat();
  const failed = results.filter(({ status }) => status !== 0);
  for (const { name, output } of failed) process.stdout.write(`\n--- ${name}\n${output.trimEnd()}\n`);
  const seconds = Math.round((Date.now() - started) / 1000);
  say(
    failed.length === 0
      ? `check passed in ${seconds} s`
      : `check failed in ${seconds} s: ${failed.map((f) => f.name).join('; ')}`,
  );
  return failed.length === 0 ? 0 : 1;
}

async function lane(steps) {
  const results = [];
  for (const [name, [command, args]] of steps) {
    const started = Date.now();
    const { status, output } = await run(command, args, { quiet: true });
    say(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    results.push({ name, status, output });
  }
  return results;
}

export async function format(paths) {
  return run(
    ...tool('prettier/bin/prettier.cjs', '--write', '--log-level', 'warn', ...(paths.length > 0 ? paths : ['.'])),
  );
}
