import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { alone } from './install.mjs';
import { at } from './paths.mjs';
import { run } from './process.mjs';
import { plainError, say } from './say.mjs';

// What the page is made of: its own sources, the rooms it may import, and the packages, whose versions the lock names.
const SOURCES = [
  'apps/console',
  ...['kernel', 'words', 'rules', 'contract', 'sdk', 'verify'].map((room) => `libs/${room}/src`),
];
const LOOSE = ['package-lock.json'];
const folder = at('dist', 'console');
const next = at('dist', '.console.next');
const stampFile = at('dist', '.console.json');

/** Every file that goes into the page, as `path mtime size` lines. */
function survey() {
  const lines = [];
  const note = (path) => {
    const { mtimeMs, size } = statSync(at(path));
    lines.push(`${path} ${mtimeMs} ${size}`);
  };
  const walk = (source) => {
    for (const entry of readdirSync(at(source), { withFileTypes: true })) {
      const path = `${source}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else if (!/\.spec\.tsx?$/.test(path)) note(path);
    }
  };
  for (const source of SOURCES) if (existsSync(at(source))) walk(source);
  for (const path of LOOSE) note(path);
  return lines.sort().join('\n');
}

function isCurrent(found) {
  try {
    return existsSync(join(folder, 'index.html')) && JSON.parse(readFileSync(stampFile, 'utf8')) === found;
  } catch {
    return false;
  }
}

/** Builds the console into dist/console when something of it changed; otherwise does nothing, in about 20 ms. */
export async function buildConsole() {
  if (isCurrent(survey())) return;
  await alone('console', async () => {
    const found = survey();
    if (isCurrent(found)) return;
    const started = Date.now();
    mkdirSync(dirname(next), { recursive: true });
    const { status, output: said } = await run(process.execPath, command(), { quiet: true });
    if (status !== 0) throw plainError(`the console could not be built:\n${said.trimEnd()}`);
    compress(join(next, 'assets'));
    // Built aside and put in place whole: a server that is running never serves half a page.
    rmSync(folder, { recursive: true, force: true });
    renameSync(next, folder);
    writeFileSync(stampFile, JSON.stringify(found));
    say(`built the console in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
}

/** Beside each file its compressed form, so that the server only sends. */
function compress(assets) {
  for (const name of readdirSync(assets)) {
    const bytes = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}

const command = () => [
  join('node_modules', 'vite', 'bin', 'vite.js'),
  'build',
  '--config',
  join('apps', 'console', 'vite.config.mts'),
  '--outDir',
  next,
  '--emptyOutDir',
  '--logLevel',
  'error',
];
