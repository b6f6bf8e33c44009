import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import { importFault } from './test/architecture/import-fault.cjs';

const root = dirname(fileURLToPath(import.meta.url));
const TESTS = ['**/*spec.ts', 'test/**/*.ts'];

const isTypeOnly = (node) => {
  const kind = node.importKind ?? node.exportKind;
  const names = node.specifiers ?? [];
  return (
    kind === 'type' || (names.length > 0 && names.every((name) => (name.importKind ?? name.exportKind) === 'type'))
  );
};

/** The import table of test/architecture/import-table.cjs, at the line that breaks it. */
const importTable = {
  meta: { type: 'problem', docs: { description: 'who may import whom' }, schema: [] },
  create(context) {
    const file = relative(root, context.filename).split(sep).join('/');
    const visit = (node) => {
      if (typeof node.source?.value !== 'string') return;
      report(node, node.source.value, isTypeOnly(node));
    };
    const report = (node, specifier, typeOnly) => {
      const message = importFault(file, specifier, typeOnly);
      if (message !== null) context.report({ node, message });
    };
    const visitRequire = (node) => report(node, node.arguments[0].value, false);
    return {
      ImportDeclaration: visit,
      ExportNamedDeclaration: visit,
      ExportAllDeclaration: visit,
      ImportExpression: visit,
      'CallExpression[callee.name="require"][arguments.0.type="Literal"]': visitRequire,
    };
  },
};

const NEARNESS = ['a package', 'a file above', 'a file beside'];
const nearness = (specifier) => (specifier.startsWith('..') ? 1 : specifier.startsWith('.') ? 2 : 0);

/** Imports go from far to near; one for its effect alone (`import './first'`) stands where it has to. */
const importOrder = {
  meta: { type: 'layout', docs: { description: 'packages, then files above, then files beside' }, schema: [] },
  create(context) {
    let nearest = 0;
    return {
      'ImportDeclaration[specifiers.length>0]'(node) {
        const here = nearness(node.source.value);
        if (here < nearest) {
          const message = `${NEARNESS[here]} is imported before ${NEARNESS[nearest]}: packages, then files above, then files beside.`;
          context.report({ node, message });
        }
        nearest = Math.max(nearest, here);
      },
    };
  },
};

/** Three positional parameters, then one object; six for a constructor, which lists what a class needs. */
const positional = {
  meta: { type: 'suggestion', docs: { description: 'few positional parameters' }, schema: [{ type: 'number' }] },
  create(context) {
    const most = context.options[0] ?? 3;
    const visit = (node) => {
      const isConstructor = node.parent?.type === 'MethodDefinition' && node.parent.kind === 'constructor';
      // Nest fills decorated parameters by decorator, so their position means nothing.
      const counted = node.params.filter((param) => isConstructor || !(param.decorators?.length > 0));
      const limit = isConstructor ? Math.max(most, 6) : most;
      if (counted.length > limit) {
        const message = `${counted.length} positional parameters; at most ${limit}, then one object with names.`;
        context.report({ node, message });
      }
    };
    return { FunctionDeclaration: visit, FunctionExpression: visit, ArrowFunctionExpression: visit };
  },
};

const NEVER = [
  { selector: 'ExportAllDeclaration', message: 'Name every export: `export *` hides what a room promises.' },
  {
    selector: 'Decorator[expression.callee.name="InjectRepository"]',
    message: 'An injected repository runs outside withTenant, without the tenant setting (I11).',
  },
  {
    selector:
      'MemberExpression[property.name=/^(loadPolicy|loadFilteredPolicy|loadIncrementalFilteredPolicy|enableEnforce)$/]',
    message: 'A live enforcer is never reloaded or switched off: build a snapshot beside and swap it (I7).',
  },
  {
    selector: 'Identifier[name=/^(newCachedEnforcer|CachedEnforcer|newSyncedEnforcer|SyncedEnforcer)$/]',
    message: 'Verdicts are never cached outside a snapshot: a stop or a policy change must reach every decision (I3).',
  },
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'bench/node_modules/',
      'examples/framework/node_modules/',
      'coverage/',
      '.writ/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: root },
    },
    plugins: {
      '@typescript-eslint': tseslint.plugin,
      writ: { rules: { 'import-table': importTable, 'import-order': importOrder, positional } },
    },
    rules: {
      'writ/import-table': 'error',
      'writ/import-order': 'error',
      'no-restricted-syntax': ['error', ...NEVER],
      eqeqeq: ['error', 'always'],
      'no-debugger': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 500 }],
      'writ/positional': ['error', 3],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  { files: TESTS, rules: { 'writ/positional': ['error', 5] } },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    rules: {
      eqeqeq: ['error', 'always'],
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 500 }],
    },
  },
);
