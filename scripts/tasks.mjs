import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { bench } from './bench.mjs';
import { build } from './build.mjs';
import { check, format } from './check.mjs';
import { buildConsole } from './console.mjs';
import { installPart } from './install.mjs';
import { at } from './paths.mjs';
import { run } from './process.mjs';
import { plainError, say } from './say.mjs';
import { soak, test } from './test.mjs';

const TASKS = {
  start: (args) => writ(['dev', ...args]),
  writ,
  // With words of its own it asks as `writ demo` does; without any it plays and ends.
  demo: (args) => writ(['demo', ...(args.length > 0 ? args : ['--yes'])]),
  test: async (args) => (await Promise.all([build(), buildConsole(), framework()]), test(args)),
  soak: async (args) => (await build(), soak(args)),
  check,
  format,
  bench: async (args) => (await build(), bench(args)),
  retail: async (args) => (await build(), program('dist/examples/retail/run.js', args)),
  example: async (args) => (await build(), program('dist/examples/patterns/run.js', args)),
  build: async () => (await Promise.all([build(), buildConsole()]), 0),
};

/** Runs a task; the answer is an exit code, or null when the task goes on living in this process. */
export async function runTask(name, args) {
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (!task) throw plainError(`there is no task "${name}". Tasks: ${Object.keys(TASKS).join(', ')}.`);
  return task(args);
}

/** The CLI runs in this very process: one process fewer between Ctrl-C and the database's clean stop. */
async function writ(args) {
  await Promise.all([build(), ...(SERVING.has(args[0]) ? [page()] : [])]);
  const main = at('dist', 'apps', 'cli', 'src', 'main.js');
  process.setSourceMapsEnabled(true);
  process.argv = [process.argv[0], main, ...args];
  createRequire(import.meta.url)(main);
  return null;
}

/** The tests of external frameworks say so where there is none. */
async function framework() {
  try {
    await installPart('examples/framework', 'only the tests of an external framework need them');
  } catch (error) {
    if (!error.plain) throw error;
    say(error.message);
  }
}

/** Commands that serve the console. */
const SERVING = new Set(['dev', 'demo']);

/** The API is worth starting also where the page cannot be built. */
async function page() {
  try {
    await buildConsole();
  } catch (error) {
    if (!error.plain) throw error;
    say(`${error.message}\nIt starts without the console.`);
  }
}

async function program(path, args) {
  if (!existsSync(at(path))) throw plainError(`${path} is missing: this checkout does not hold what the task runs.`);
  return run(process.execPath, ['--enable-source-maps', at(path), ...args]);
}
