import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { defaultDataDir } from './cluster';

describe('the folder of the embedded data', () => {
  const kept = { ...process.env };
  const uid = process.getuid;
  afterEach(() => {
    process.env = { ...kept };
    process.getuid = uid!;
  });

  it('is WRIT_HOME when that is set', () => {
    process.env['WRIT_HOME'] = '/somewhere/else';
    expect(defaultDataDir()).toBe('/somewhere/else');
  });

  it('is a system folder for root, whose home the unprivileged account cannot enter', () => {
    delete process.env['WRIT_HOME'];
    process.getuid = () => 0;
    expect(defaultDataDir().startsWith(join(homedir(), '/'))).toBe(false);
  });

  it.each([0, 1000])('is absolute and never inside the project (uid %d)', (who) => {
    delete process.env['WRIT_HOME'];
    process.getuid = () => who;
    const project = resolve(__dirname, '../../../..');
    expect(isAbsolute(defaultDataDir())).toBe(true);
    expect(`${defaultDataDir()}/`.startsWith(`${project}/`)).toBe(false);
  });
});
