import { basename, dirname } from 'node:path';
import { commandPath, passedEnvironment } from './spawn-environment';

describe('the environment of a server process', () => {
  it('holds the named variables that are set, and nothing else', () => {
    expect(passedEnvironment(['A', 'MISSING'], { A: '1', B: '2' })).toEqual({ A: '1' });
    expect(passedEnvironment([], { A: '1', PATH: '/bin' })).toEqual({});
  });

  it('does not matter for finding its command: our own PATH does', () => {
    const node = process.execPath;
    expect(commandPath(basename(node), { PATH: `/nonexistent:${dirname(node)}` })).toBe(node);
    expect(commandPath('no-such-command', { PATH: dirname(node) })).toBe('no-such-command');
    expect(commandPath('./here', { PATH: dirname(node) })).toBe('./here');
    expect(commandPath('node', {})).toBe('node');
  });
});
