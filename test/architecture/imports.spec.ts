import { importFault } from './import-fault.cjs';
import { importCycles, importFaults, suppressions } from './import-rules';
import { unit } from './tree';

const planted = (path: string, text: string): string[] => importFaults([unit(path, text)]);

describe('the import check', () => {
  it.each([
    ['a room above', 'libs/kernel/src/x.ts', `import { decide } from '@writ/policy';`],
    ['a room beside', 'libs/rules/src/x.ts', `import { openDatabase } from '@writ/database';`],
    ['a value where types are allowed', 'libs/gateways/src/x.ts', `import { decide } from '@writ/policy';`],
    ['a value among types', 'libs/gateways/src/x.ts', `import { type Permit, decide } from '@writ/policy';`],
    ['a file inside another library', 'libs/engine/src/x.ts', `import { decide } from '@writ/policy/src/decide';`],
    ['another library by path', 'libs/engine/src/x.ts', `import { decide } from '../../policy/src/decide';`],
    ['another library by path, in a test', 'libs/engine/src/x.spec.ts', `import { d } from '../../policy/src/decide';`],
    ['a file of another room, in such a folder', 'test/database/x.ts', `import { d } from '../../libs/policy/src/d';`],
    ['its own index by name', 'libs/engine/src/x.ts', `import { Worker } from '@writ/engine';`],
    ['an app, from a library', 'libs/engine/src/x.ts', `import { start } from '../../../apps/worker/src';`],
    ['an app, from another app', 'apps/worker/src/x.ts', `import { start } from '../../control-plane/src';`],
    ['the inside of an app', 'apps/cli/src/x.ts', `import { start } from '../../worker/src/start';`],
    ['casbin in a second file', 'libs/policy/src/x.ts', `import { newEnforcer } from 'casbin';`],
    ['bull in the database', 'libs/database/src/x.ts', `import Bull from 'bull';`],
    ['OpenTelemetry in the engine', 'libs/engine/src/x.ts', `import { trace } from '@opentelemetry/api';`],
    ['TypeORM in the engine', 'libs/engine/src/x.ts', `import { DataSource } from 'typeorm';`],
    ['a path of TypeORM in an app', 'apps/worker/src/x.ts', `import { D } from 'typeorm/driver/x';`],
    ['Nest in a plain file of a library', 'libs/policy/src/x.ts', `import { Injectable } from '@nestjs/common';`],
    ['a re-export', 'libs/kernel/src/x.ts', `export { decide } from '@writ/policy';`],
    ['a dynamic import', 'libs/kernel/src/x.ts', `const x = import('@writ/policy');`],
    ['a require', 'libs/kernel/src/x.ts', `const x = require('@writ/policy');`],
    ['an inline import type', 'libs/kernel/src/x.ts', `export type D = import('@writ/policy').Decision;`],
  ])('finds %s', (_what, path, text) => {
    expect(planted(path, text)).toHaveLength(1);
  });

  it.each([
    ['a room below', 'libs/policy/src/x.ts', `import { newId } from '@writ/kernel';`],
    ['types where only types are allowed', 'libs/gateways/src/x.ts', `import type { Permit } from '@writ/policy';`],
    ['named types only', 'libs/gateways/src/x.ts', `import { type Permit } from '@writ/policy';`],
    ['casbin in its file', 'libs/policy/src/casbin.ts', `import { newEnforcer } from 'casbin';`],
    ['bull in the wake-up file', 'libs/engine/src/wake-up.ts', `import Bull from 'bull';`],
    ['Nest in a module file', 'libs/policy/src/policy.module.ts', `import { Module } from '@nestjs/common';`],
    ['an app the CLI starts', 'apps/cli/src/dev/x.ts', `import { startWorker } from '../../../worker/src';`],
    [
      'a file of the room a test folder is named after',
      'test/database/x.e2e-spec.ts',
      `import { a } from '../../libs/database/src/a';`,
    ],
    ['anything by its index, in a test', 'libs/gateways/src/x.spec.ts', `import { PermitOffice } from '@writ/policy';`],
  ])('allows %s', (_what, path, text) => {
    expect(planted(path, text)).toEqual([]);
  });

  it('says what to do instead', () => {
    expect(importFault('libs/engine/src/x.ts', '../../policy/src/decide', false)).toContain('@writ/policy');
  });

  it('finds a ring of three, across a library index too', () => {
    const ring = [
      unit('libs/policy/src/a.ts', `import { b } from './b';`),
      unit('libs/policy/src/b.ts', `import { c } from '@writ/rules';`),
      unit('libs/rules/src/index.ts', `export { a } from '../../policy/src/a';`),
    ];
    expect(importCycles(ring)).toHaveLength(1);
  });

  it('counts a ring that only types close', () => {
    const ring = [
      unit('libs/policy/src/a.ts', `import { b } from './b';`),
      unit('libs/policy/src/b.ts', `import type { A } from './a';`),
    ];
    expect(importCycles(ring)).toHaveLength(1);
  });

  it.each(['// eslint-disable-next-line eqeqeq', '/* eslint-disable */', '// @ts-ignore', '// @ts-nocheck'])(
    'finds %s',
    (comment) => {
      expect(suppressions([unit('libs/kernel/src/x.ts', `${comment}\nexport const x = 1;`)])).toHaveLength(1);
    },
  );
});
