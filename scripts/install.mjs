import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { at, root } from './paths.mjs';
import { run } from './process.mjs';
import { plainError, say } from './say.mjs';

const lock = at('package-lock.json');
// npm writes this file last: it is missing while an install runs and after one that was interrupted.
const stamp = at('node_modules', '.package-lock.json');

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

/** True when node_modules holds what the lock file names; optional packages may be missing (other platforms). */
export function isInstalled() {
  if (!existsSync(stamp)) return false;
  if (statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return true;
  // A touched lock file (a checkout, a restored cache) is not a changed one: compare before spending a minute.
  const have = packagesOf(stamp);
  const same = Object.entries(packagesOf(lock)).every(
    ([path, entry]) => path === '' || have[path]?.version === entry.version || (entry.optional && !have[path]),
  );
  if (same) refreshStamp();
  return same;
}

function refreshStamp() {
  try {
    utimesSync(stamp, new Date(), new Date());
  } catch {
    // Somebody else's checkout: comparing again next time costs milliseconds.
  }
}

export async function ensureInstalled() {
  if (isInstalled()) return;
  await alone('install', async () => {
    if (isInstalled()) return;
    refuseLink([]);
    const count = Object.keys(packagesOf(lock)).length;
    say(`installing ${count} packages from the lock file (once, about a minute)`);
    const started = Date.now();
    const code = await npmCi();
    if (code !== 0) {
      throw plainError(
        `npm ci failed with exit code ${code}; its own message is above. Then run the same command again.`,
      );
    }
    say(`installed in ${Math.round((Date.now() - started) / 1000)} s`);
  });
}

/** `npm ci` empties node_modules first: behind a link that is the folder of another checkout, with whatever uses it. */
function refuseLink(folder) {
  const path = at(...folder, 'node_modules');
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  const name = [...folder, 'node_modules'].join('/');
  throw plainError(
    [
      `${name} is a symbolic link to ${readlinkSync(path)}, which does not hold what the lock file names.`,
      'Nothing was installed: npm would have emptied the folder behind the link.',
      `Remove the link (rm ${name}) and run the same command again, or install in the folder it leads to.`,
    ].join('\n'),
  );
}

function npmCi() {
  // `--include` undoes NODE_ENV=production and `omit` settings of the host: the runtime itself is an optional package.
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error', '--include=dev', '--include=optional'];
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.c?js$/.test(script)) return run(process.execPath, [script, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}

/** Packages that one folder has of its own, with its own lock file, and that are installed only when a task needs them. */
export async function installPart(folder, why) {
  const manifest = at(folder, 'package.json');
  if (!existsSync(manifest)) return;
  const done = at(folder, 'node_modules', '.package-lock.json');
  const newest = Math.max(...[manifest, at(folder, 'package-lock.json')].map((file) => statSync(file).mtimeMs));
  if (existsSync(done) && statSync(done).mtimeMs >= newest) return;
  refuseLink([folder]);
  say(`installing the packages of ${folder}/ (${why})`);
  const args = ['ci', '--no-fund', '--no-audit', '--loglevel=error'];
  const status = await run('npm', args, { cwd: at(folder), shell: process.platform === 'win32' });
  if (status !== 0) throw plainError(`npm ci in ${folder}/ failed with exit code ${status}; its message is above.`);
}

/** Two first starts in one checkout would install over each other: the second waits for the first. */
export async function alone(name, work) {
  mkdirSync(at('.writ'), { recursive: true });
  const file = at('.writ', `${name}.lock`);
  let told = false;
  while (!take(file)) {
    if (!holderLives(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) say(`another process is busy with: ${name}; waiting for it`);
    told = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw plainError(
      `cannot write ${file.slice(root.length + 1)}: ${error.message}. Run as a user who owns the checkout.`,
    );
  }
}

function holderLives(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    if (!pid) return Date.now() - statSync(file).mtimeMs < 2000; // just created, its pid is not written yet
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
