'use strict';

const { posix } = require('node:path');
const table = require('./import-table.cjs');

const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** `libs/policy/src/x.ts` → `{ kind: 'libs', name: 'policy' }`; null for files outside every room. */
function roomOf(file) {
  const [kind, name] = file.split('/');
  return (kind === 'libs' || kind === 'apps') && name !== undefined && table[kind][name] !== undefined
    ? { kind, name }
    : null;
}

const isTest = (file) => /spec\.tsx?$/.test(file) || file.startsWith('test/');

function wallFault(file, specifier) {
  const wall = table.walls.find(({ packages }) =>
    packages.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
  );
  if (!wall || wall.allowed.some((pattern) => new RegExp(pattern).test(file))) return null;
  return `${specifier} may not be imported here: ${wall.why}`;
}

function libraryFault(file, specifier, typeOnly) {
  const parts = specifier.split('/');
  if (parts.length > 2) return `${specifier}: a library is imported by its index, @writ/${parts[1]}`;
  const room = roomOf(file);
  // Tests put real parts of any room together; outside the rooms (examples, bench) any index may be used.
  if (isTest(file) || room === null) return null;
  if (room.kind === 'libs' && room.name === parts[1]) return `${specifier}: a library imports its own files by path`;
  const allowed = table[room.kind][room.name];
  if (allowed.includes(parts[1])) return null;
  if (!allowed.includes(`${parts[1]}:type`)) return `${room.kind}/${room.name} may not import ${specifier}`;
  return typeOnly ? null : `${room.kind}/${room.name} may import only types from ${specifier}`;
}

function relativeFault(file, specifier) {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  const to = roomOf(target);
  const from = roomOf(file);
  if (to === null || (from?.kind === to.kind && from.name === to.name)) return null;
  // A test on a real server that is about one room lies in test/<room>/ and may reach that room's own files.
  if (to.kind === 'libs' && file.startsWith(`test/${to.name}/`)) return null;
  if (to.kind === 'libs') return `${specifier}: another library is imported as @writ/${to.name}`;
  const index = [`apps/${to.name}/src`, `apps/${to.name}/src/index`];
  const mayStart = (from?.kind === 'apps' && table.appImports[from.name]?.includes(to.name)) || isTest(file);
  if (mayStart && index.includes(target)) return null;
  return `${specifier}: an app is imported only by the app that starts it, through its index`;
}

/**
 * What is wrong with `file` (path from the root, forward slashes) importing `specifier`, as a sentence; null when
 * nothing is.
 */
function importFault(file, specifier, typeOnly) {
  if (specifier.startsWith('.')) return relativeFault(file, specifier);
  if (specifier.startsWith('@writ/')) return libraryFault(file, specifier, typeOnly);
  return isTest(file) ? null : wallFault(file, specifier);
}

module.exports = { importFault, isTest, packageOf, roomOf };
