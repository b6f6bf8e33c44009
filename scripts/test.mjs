import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { at } from './paths.mjs';
import { run } from './process.mjs';
import { plainError, say } from './say.mjs';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

export const jestCommand = (args) => [process.execPath, [...JEST, ...args]];

/** Adds up what Jest reports. A suite that could not even load counts as one failure: it must never look like none. */
export function tally(reports) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reports) {
    if (report === null) {
      sum.failed += 1;
      continue;
    }
    sum.passed += report.numPassedTests;
    sum.failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
    sum.skipped += report.numPendingTests + report.numTodoTests;
  }
  return sum;
}

export const summary = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

// Jest itself would take one core less than there are: on two cores one suite after the other. Unit tests keep a core each
// busy; the tests on real servers wait for a quarter of their time, for leases to run out and pages to come to rest.
const CORES = availableParallelism();
const WORKERS = { unit: Math.max(2, CORES - 1), system: CORES + 1 };

// --forceExit: a failed test leaves its engine open, and an engine keeps trying; the run must end and say so.
async function jest(project, args, { folder, env }) {
  const report = join(folder, `${project}.json`);
  const [command, all] = jestCommand([
    '--selectProjects',
    project,
    `--maxWorkers=${WORKERS[project]}`,
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
    ...args,
  ]);
  const status = await run(command, all, { env });
  return { status, report: readReport(report) };
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Unit tests first, since they answer in seconds; then the tests on real servers, also when a unit test failed. */
export async function test(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'writ-jest-'));
  // Hundreds of processes are started on the way: they share what V8 makes of their modules.
  const shared = { NODE_COMPILE_CACHE: join(folder, 'compiled'), ...env };
  const results = [];
  try {
    for (const project of ['unit', 'system'])
      results.push(await jest(project, ['--passWithNoTests', ...args], { folder, env: shared }));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
  const sum = tally(results.map(({ report }) => report));
  const broken = results.some(({ status }) => status !== 0);
  process.stdout.write(`\n${summary(sum)}\n`);
  if (sum.passed + sum.failed === 0) {
    say('no test ran: that is a failure too');
    return 1;
  }
  return broken || sum.failed > 0 ? 1 : 0;
}

/** The long tables: every suite that reads WRIT_SOAK or draws its cases, with a printed seed that repeats the run. */
export async function soak(args) {
  const seed = process.env.WRIT_SEED ?? String(randomInt(1, 2 ** 31));
  const suites = args.length > 0 ? args : longSuites();
  if (suites.length === 0) throw plainError('no suite reads WRIT_SOAK, so there is nothing to soak.');
  say(`soak: ${suites.length} suites, seed ${seed}; WRIT_SEED=${seed} npm run soak repeats it`);
  return test(suites, { WRIT_SOAK: '1', WRIT_SEED: seed });
}

function longSuites() {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (
        path.endsWith('spec.ts') &&
        /WRIT_SOAK|support\/soak|from 'fast-check'/.test(readFileSync(at(path), 'utf8'))
      )
        found.push(path);
    }
  };
  for (const folder of ['apps', 'libs', 'test']) walk(folder);
  return found;
}
