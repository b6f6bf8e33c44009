import { missingOptionals, namedHosts } from './lock-rules';
import { textFaults } from './text-rules';

describe('the text check', () => {
  const faults = (text: string): string[] => textFaults([{ path: 'libs/kernel/src/x.ts', text }]);

  it.each([
    '// TODO later',
    '// FIXME',
    '// see #123',
    '// issue 42',
    '// fixed in PR #7',
    '// ENG-1042',
    'it.only("x", f);',
    'fdescribe("x", f);',
    'xit("x", f);',
    'const file = "/root/x";',
    'read(/home/someone/x)',
  ])('finds %s', (text) => expect(faults(text)).toHaveLength(1));

  it.each(['RFC-6962', 'SHA-256 over UTF-8', 'order #W2611340', 'class A { #1x }', 'https://example.com/root', '#fff'])(
    'lets %s stand',
    (text) => expect(faults(text)).toEqual([]),
  );
});

describe('the lock check', () => {
  const entry = { optionalDependencies: { 'native-linux': '1.0.0' } };

  it('finds a host', () => {
    expect(namedHosts({ 'node_modules/a': { resolved: 'https://registry.example/a.tgz' } })).toHaveLength(1);
  });

  it('finds an optional package that is not in the lock', () => {
    expect(missingOptionals({ 'node_modules/a': entry })).toEqual(['node_modules/a: native-linux']);
  });

  it('searches as Node does: nested, then above', () => {
    expect(missingOptionals({ 'node_modules/a': entry, 'node_modules/native-linux': {} })).toEqual([]);
    expect(missingOptionals({ 'node_modules/a': entry, 'node_modules/a/node_modules/native-linux': {} })).toEqual([]);
    expect(missingOptionals({ 'node_modules/a': entry, 'node_modules/b/node_modules/native-linux': {} })).toHaveLength(
      1,
    );
  });
});
