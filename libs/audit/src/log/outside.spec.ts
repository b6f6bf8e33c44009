import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantId } from '@writ/kernel';
import { OutsideCheckpoints } from './outside';

const [a, b] = ['ten_a', 'ten_b'] as TenantId[];
const note = (origin: string, size: number): string => `${origin}\n${size}\nroot\n\n— ${origin} sig\n`;

describe('checkpoints kept outside', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'writ-outside-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are one file a log, whole, the newest that was put; what is put is read at once', async () => {
    const outside = new OutsideCheckpoints(folder);
    for (let size = 1; size <= 50; size++) outside.put(a!, note('writ/ten_a', size));
    outside.put(b!, note('writ/ten_b', 7));
    outside.put('*', note('writ/*', 3));
    expect(outside.read(a!)).toBe(note('writ/ten_a', 50));
    await outside.close();
    expect(readdirSync(folder).sort()).toEqual(['@platform.checkpoint', 'ten_a.checkpoint', 'ten_b.checkpoint']);
    const again = new OutsideCheckpoints(folder);
    expect(again.tenants().sort()).toEqual(['*', a, b]);
    expect([again.read(a!), again.read('*')]).toEqual([note('writ/ten_a', 50), note('writ/*', 3)]);
    expect(again.read('ten_c' as TenantId)).toBeNull();
  });

  it('are never replaced by an older one of the same log, whoever comes late', async () => {
    const [early, late] = [new OutsideCheckpoints(folder), new OutsideCheckpoints(folder)];
    late.put(a!, note('writ/ten_a', 9));
    await late.close();
    early.put(a!, note('writ/ten_a', 8));
    await early.close();
    expect(new OutsideCheckpoints(folder).read(a!)).toBe(note('writ/ten_a', 9));
  });

  it('of a log that was opened anew leave the old name’s last one beside', async () => {
    const outside = new OutsideCheckpoints(folder);
    outside.put(a!, note('writ/ten_a', 30));
    await outside.close();
    const later = new OutsideCheckpoints(folder);
    later.put(a!, note('writ/ten_a/2', 26));
    await later.close();
    expect(readFileSync(join(folder, 'ten_a.checkpoint.1-30'), 'utf8')).toBe(note('writ/ten_a', 30));
    expect(later.read(a!)).toBe(note('writ/ten_a/2', 26));
    expect(later.tenants()).toEqual([a]);
  });

  it('say where a folder cannot be made, and which variable names another', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => new OutsideCheckpoints(join(file, 'below'))).toThrow('WRIT_CHECKPOINT_DIR');
    expect(existsSync(join(file, 'below'))).toBe(false);
  });
});
