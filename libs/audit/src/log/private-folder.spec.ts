import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRing } from './key-ring';
import { OutsideCheckpoints } from './outside';

const bits = (path: string): number => statSync(path).mode & 0o777;

describe('where the keys and outside checkpoints of the logs are kept', () => {
  let base: string;
  const umask = process.umask(0o022);
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'writ-places-'));
  });
  afterEach(() => rmSync(base, { recursive: true }));
  afterAll(() => process.umask(umask));

  it('is for its owner alone, and closes nothing that stands beside it', () => {
    const home = join(base, 'home', 'writ');
    new KeyRing({ file: join(home, 'log', 'key') }).keys();
    new OutsideCheckpoints(join(home, 'log', 'checkpoints'));
    expect(bits(join(home, 'log', 'key'))).toBe(0o600);
    expect([bits(join(home, 'log')), bits(join(home, 'log', 'checkpoints'))]).toEqual([0o700, 0o700]);
    expect([bits(home), bits(join(base, 'home'))]).toEqual([0o755, 0o755]);
  });
});
