'use strict';

/**
 * Who may import whom: the one table behind the lint rule and the architecture test.
 * `libs` and `apps` name the libraries a room may import, by their index and never deeper. A name ending in `:type`
 * may be imported with `import type` only.
 */
const libs = {
  kernel: [],
  words: [],
  contract: ['kernel', 'words'],
  rules: ['kernel'],
  verify: ['kernel', 'words', 'rules'],
  telemetry: ['kernel'],
  routing: ['kernel'],
  database: ['kernel', 'words', 'telemetry'],
  sdk: ['kernel', 'contract'],
  audit: ['kernel', 'words', 'telemetry', 'database', 'verify'],
  identity: ['kernel', 'database', 'audit'],
  policy: ['kernel', 'words', 'rules', 'telemetry', 'database', 'audit'],
  registry: ['kernel', 'words', 'database', 'audit', 'policy', 'routing'],
  gateways: ['kernel', 'words', 'telemetry', 'policy:type'],
  delivery: ['kernel', 'telemetry', 'database', 'audit', 'gateways:type'],
  engine: ['kernel', 'words', 'telemetry', 'database', 'audit', 'policy', 'registry', 'routing', 'gateways'],
};

const apps = {
  'control-plane': [
    'kernel',
    'contract',
    'telemetry',
    'database',
    'identity',
    'policy',
    'audit',
    'registry',
    'delivery',
    'engine',
  ],
  worker: ['kernel', 'telemetry', 'database', 'policy', 'audit', 'registry', 'gateways', 'delivery', 'engine'],
  // `writ dev` is the control plane and the worker in one process, so it also starts both apps and what they need.
  cli: ['kernel', 'words', 'contract', 'sdk', 'verify', 'database', 'policy', 'identity', 'audit', 'telemetry'],
  // The page in the browser knows the server by its contract alone, and checks its evidence without it.
  console: ['kernel', 'words', 'contract', 'sdk', 'verify'],
};

/** Apps another app may start, by their index: `writ dev` composes the two services. */
const appImports = { cli: ['control-plane', 'worker'] };

/**
 * Packages kept behind a wall, and the files that may import them (paths from the root, as regular expressions).
 * A package is meant with everything below it: `typeorm` also covers `typeorm/…`.
 */
const walls = [
  { packages: ['casbin'], allowed: ['^libs/policy/src/casbin\\.ts$'], why: 'casbin lives in one file of policy' },
  {
    packages: ['bull', '@nestjs/bull'],
    allowed: ['^libs/engine/src/wake-up[^/]*\\.ts$', '^apps/worker/'],
    why: 'a queue job is only a doorbell: bull belongs to the wake-up file of engine and to the worker',
  },
  {
    packages: ['@opentelemetry'],
    allowed: ['^libs/telemetry/'],
    why: 'OpenTelemetry is set up and named in telemetry',
  },
  {
    packages: ['typeorm', '@nestjs/typeorm'],
    allowed: ['^libs/(database|registry|identity)/', '^migrations/'],
    why: 'statements go through withTenant of @writ/database, which sets the tenant',
  },
  {
    packages: ['react', 'react-dom', '@mantine', '@tanstack'],
    allowed: ['^apps/console/'],
    why: 'what draws the page belongs to the console',
  },
  {
    packages: ['@nestjs'],
    allowed: ['^apps/', '^libs/[^/]+/src/[^/]+\\.module\\.ts$'],
    why: 'Nest belongs to apps and to one <room>.module.ts per library; everything else is plain classes',
  },
];

module.exports = { libs, apps, appImports, walls };
