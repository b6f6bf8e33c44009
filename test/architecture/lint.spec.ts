import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './tree';

interface Message {
  readonly ruleId: string | null;
  readonly message: string;
}

const PLANTED: readonly (readonly [string, string])[] = [
  ['writ/import-table', `import { decide } from '@writ/policy';`],
  ['writ/import-table', `import { newEnforcer } from 'casbin';`],
  ['writ/import-table', `const lazy = require('typeorm');`],
  ['no-restricted-syntax', `export * from './ids';`],
  ['no-restricted-syntax', `await enforcer.loadPolicy();`],
  ['no-restricted-syntax', `enforcer.enableEnforce(false);`],
  ['no-restricted-syntax', `const cached = new CachedEnforcer();`],
  ['no-restricted-syntax', `class Holder { constructor(@InjectRepository(Thing) readonly things: Things) {} }`],
  ['eqeqeq', `if (one == two) run();`],
  ['writ/positional', `const wide = (a: 1, b: 2, c: 3, d: 4): void => undefined;`],
  ['writ/positional', `class Wide { constructor(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7) {} }`],
  ['@typescript-eslint/no-explicit-any', `const loose = (x: any): void => undefined;`],
  ['@typescript-eslint/no-floating-promises', `Promise.resolve(1);`],
  ['@typescript-eslint/no-misused-promises', `if (Promise.resolve(true)) run();`],
  [
    '@typescript-eslint/switch-exhaustiveness-check',
    `function pick(kind: 'a' | 'b'): void { switch (kind) { case 'a': return; } }`,
  ],
  ['writ/import-order', `import { far } from 'node:fs'; import { near } from './ids'; import { above } from '../ids';`],
];

/** Lints a text as if it stood in a file of kernel: with the project's own settings and types. */
function lint(text: string): Message[] {
  const args = ['--stdin', '--stdin-filename', 'libs/kernel/src/index.ts', '--format', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules/eslint/bin/eslint.js'), ...args], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  const [result] = (stdout === '' ? [] : JSON.parse(stdout)) as { messages: Message[] }[];
  if (!result) throw new Error(`eslint gave no result: ${stderr}`);
  return result.messages;
}

describe('the lint', () => {
  it('fails on each planted fault, once per fault', () => {
    const found = lint(PLANTED.map(([, text]) => text).join('\n'));
    const counts = (rules: readonly (string | null)[]): Record<string, number> =>
      rules.reduce<Record<string, number>>((sum, rule) => ({ ...sum, [`${rule}`]: (sum[`${rule}`] ?? 0) + 1 }), {});
    expect(counts(found.map(({ ruleId }) => ruleId))).toEqual(counts(PLANTED.map(([rule]) => rule)));
  });
});
