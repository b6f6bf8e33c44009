import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './tree';

/** Evaluates an expression over a script of the bootstrap in a Node of its own, as plain ESM. */
function evaluate(script: string, expression: string): unknown {
  const url = `file://${join(ROOT, 'scripts', script)}`;
  const code = `import * as m from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression}))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('the bootstrap', () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  };

  it('counts a suite that could not load, and a report that never came, as failures', () => {
    const broken = {
      ...report,
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numRuntimeErrorTestSuites: 1,
    };
    const reports = JSON.stringify([report, broken, null]);
    expect(evaluate('test.mjs', `m.tally(${reports})`)).toEqual({ passed: 3, failed: 3, skipped: 2 });
  });

  it('says the counts on one line, skipped ones only where there are any', () => {
    expect(evaluate('test.mjs', 'm.summary({ passed: 2, failed: 0, skipped: 0 })')).toBe('2 passed, 0 failed');
    expect(evaluate('test.mjs', 'm.summary({ passed: 2, failed: 1, skipped: 3 })')).toBe(
      '2 passed, 1 failed, 3 skipped',
    );
  });

  it('moves to the pinned runtime below 24.11 and nowhere else', () => {
    const versions = ['18.20.0', '20.20.2', '24.9.0', '24.10.9', '24.11.0', '24.21.0', '26.0.0'];
    const recent = evaluate('runtime.mjs', `${JSON.stringify(versions)}.filter((v) => m.isRecent(v))`);
    expect(recent).toEqual(['24.11.0', '24.21.0', '26.0.0']);
  });

  it('finds this checkout installed, whatever the time stamp of its lock file', () => {
    expect(evaluate('install.mjs', 'm.isInstalled()')).toBe(true);
  });

  it('installs nothing through a link to the packages of another checkout, and leaves them as they are', () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-link-'));
    try {
      const [checkout, other] = [join(folder, 'checkout'), join(folder, 'other')];
      cpSync(join(ROOT, 'scripts'), join(checkout, 'scripts'), { recursive: true });
      writeFileSync(join(checkout, 'package.json'), '{"name": "checkout", "version": "1.0.0"}');
      const lock = {
        name: 'checkout',
        version: '1.0.0',
        lockfileVersion: 3,
        packages: { '': {}, 'node_modules/a': {} },
      };
      writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
      mkdirSync(join(other, 'node_modules', 'kept'), { recursive: true });
      symlinkSync(join(other, 'node_modules'), join(checkout, 'node_modules'));
      const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts', 'run.mjs'), 'build'], {
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      expect(stderr).toContain('node_modules is a symbolic link to');
      expect(stderr).toContain('rm node_modules');
      expect(readdirSync(join(other, 'node_modules'))).toEqual(['kept']);
      expect(readdirSync(join(checkout, '.writ'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keeps the exit code of what it runs, and turns a signal into 128 + n', () => {
    const run = (code: string): unknown =>
      evaluate('process.mjs', `await m.run(process.execPath, ['-e', ${JSON.stringify(code)}])`);
    expect([run('process.exit(7)'), run(`process.kill(process.pid, 'SIGKILL')`)]).toEqual([7, 137]);
  });

  it('refuses a task it does not have', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'run.mjs'), 'tset'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('Tasks: start, writ, demo, test') as string,
    });
  });

  it('runs on Node 18: none of its files uses syntax that came later', () => {
    // Import attributes, the `using` declaration and regular expressions with the v flag are what would sneak in.
    const text = spawnSync(
      'cat',
      ['run', 'say', 'paths', 'process', 'install', 'runtime'].map((name) => join(ROOT, 'scripts', `${name}.mjs`)),
      {
        encoding: 'utf8',
      },
    ).stdout;
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).not.toMatch(/\bwith \{ type:|\busing \w+ =|import\.meta\.(dirname|filename)|\/[a-z]*v[a-z]*\.test/);
  });
});
