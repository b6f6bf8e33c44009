import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { alone } from './install.mjs';
import { at } from './paths.mjs';
import { plainError, say } from './say.mjs';

const SOURCES = ['apps', 'libs', 'migrations', 'examples', 'test', 'bench'];
const SKIPPED = new Set(['node_modules', 'results']);
// The page is built by vite (console.mjs); folders of other rooms may well be called the same.
const APART = new Set(['apps/console']);
// Beside code, these are read at run time by a path relative to the module, so they travel with it.
const ASSETS = new Set(['.sql', '.json', '.yaml', '.yml', '.csv', '.conf', '.txt', '.mjs']);
const dist = at('dist');
const manifestFile = join(dist, '.build.json');

/** Every file that belongs in dist, as `relative path → "mtime size"`. */
function survey() {
  const found = {};
  const walk = (folder) => {
    for (const entry of readdirSync(at(folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && !APART.has(path)) walk(path);
        continue;
      }
      if (!isCode(path) && !ASSETS.has(extname(path))) continue;
      if (/spec\.ts$|\.d\.ts$/.test(path)) continue;
      const { mtimeMs, size } = statSync(at(path));
      found[path] = `${mtimeMs} ${size}`;
    }
  };
  for (const folder of SOURCES) if (existsSync(at(folder))) walk(folder);
  return found;
}

const isCode = (path) => path.endsWith('.ts');
const outputOf = (path) => join(dist, isCode(path) ? path.replace(/\.ts$/, '.js') : path);

/** What every output depends on beside its own source: the settings, the compiler, and which rooms exist. */
function setting(found) {
  const compiler = JSON.parse(readFileSync(at('node_modules', '@swc', 'core', 'package.json'), 'utf8')).version;
  const rooms = Object.keys(found).filter((path) => /^libs\/[^/]+\/src\/index\.ts$/.test(path));
  return JSON.stringify([readFileSync(at('.swcrc'), 'utf8'), compiler, rooms.sort()]);
}

function readManifest() {
  try {
    return JSON.parse(readFileSync(manifestFile, 'utf8'));
  } catch {
    return { setting: '', files: {} };
  }
}

function difference() {
  const found = survey();
  const now = setting(found);
  const before = readManifest();
  const same = before.setting === now;
  const current = (path) => same && before.files[path] === found[path] && existsSync(outputOf(path));
  const stale = Object.keys(found).filter((path) => !current(path));
  const gone = Object.keys(before.files).filter((path) => !(path in found));
  return { found, now, stale, gone };
}

/** Compiles what changed since the last build into dist; does nothing, in about 20 ms, when nothing did. */
export async function build() {
  const first = difference();
  if (first.stale.length + first.gone.length === 0) return;
  await alone('build', compile);
}

async function compile() {
  const { found, now, stale, gone } = difference();
  if (stale.length + gone.length === 0) return;
  const started = Date.now();
  const { transformFile } = createRequire(import.meta.url)('@swc/core');
  const failures = [];
  const queue = [...stale];
  const worker = async () => {
    for (let path = queue.pop(); path; path = queue.pop()) {
      try {
        await emit(path, transformFile);
      } catch (error) {
        failures.push(`${path}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() * 2 }, worker));
  if (failures.length > 0) throw plainError(`the build failed:\n${failures.join('\n')}`);
  for (const path of gone) {
    rmSync(outputOf(path), { force: true });
    rmSync(`${outputOf(path)}.map`, { force: true });
  }
  replace(manifestFile, JSON.stringify({ setting: now, files: found }));
  if (stale.length > 20) say(`built ${stale.length} files in ${Date.now() - started} ms`);
}

async function emit(path, transformFile) {
  const target = outputOf(path);
  mkdirSync(dirname(target), { recursive: true });
  if (!isCode(path)) return copyFileSync(at(path), target);
  const { code, map } = await transformFile(at(path), { cwd: at('.'), configFile: at('.swcrc') });
  replace(`${target}.map`, map);
  replace(target, `${code}\n//# sourceMappingURL=${target.split(/[/\\]/).pop()}.map\n`);
}

/** Written aside and renamed: a process that is loading dist sees the old file or the new one, never half of one. */
function replace(file, text) {
  const aside = `${file}.${process.pid}`;
  writeFileSync(aside, text);
  renameSync(aside, file);
}
