const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

// What a program keeps beside its data (login, keys of the logs, outside checkpoints) goes to a folder of this run: tests
// must neither meet nor make those of the person who runs them. Processes that tests start inherit it.
if (process.env.WRIT_TEST_HOME === undefined) {
  const home = mkdtempSync(join(tmpdir(), 'writ-home-'));
  process.env.WRIT_TEST_HOME = home;
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
}
process.env.WRIT_HOME = process.env.WRIT_TEST_HOME;

const swc = [
  '@swc/jest',
  {
    swcrc: false,
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'commonjs', ignoreDynamic: true },
    sourceMaps: 'inline',
  },
];

const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': swc },
  moduleNameMapper: {
    '^@writ/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^fast-check$': '<rootDir>/test/support/seeded-properties.cjs',
  },
  modulePathIgnorePatterns: [
    '<rootDir>/dist/',
    '<rootDir>/bench/node_modules/',
    '<rootDir>/examples/framework/node_modules/',
  ],
};

// unit: no server of any kind. system: real Postgres, Redis, processes, browser; one private cluster for the whole run.
module.exports = {
  // For a machine that is busy with much else: what takes seconds here may take many times that there. A test that waits for
  // something waits shorter (test/support/until.ts), so that it can say what it waited for.
  testTimeout: 180_000,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/test/{architecture,verify}/**/*.spec.ts'],
    },
    {
      ...base,
      displayName: 'system',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
};
