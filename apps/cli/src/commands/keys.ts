import { usage } from '../cli-error';
import type { Command } from '../command';
import { members, type Row } from '../output/output';
import { wholeNumber } from './read-value';
import { asRow, asRows } from './rows';

const DAY_MS = 86_400_000;
const joined = (row: Row): Row => ({ ...row, roles: list(row['roles']), scopes: list(row['scopes']) });
const list = (value: unknown): string => (Array.isArray(value) ? value.join(' ') : '');

const create: Command = {
  name: 'keys create',
  summary: 'Create an API key; its secret is shown once',
  args: [{ usage: '<label>', description: 'what the key is for' }],
  options: [
    { flags: '--principal <id>', description: 'whom the key acts as, such as service:deploys; yourself by default' },
    { flags: '--role <role>', description: 'a role of the key; may be repeated', many: true },
    {
      flags: '--scope <scope>',
      description: 'what it may be used for: run.read, run.*, *; may be repeated',
      many: true,
    },
    { flags: '--days <days>', description: 'days until it expires (90)' },
  ],
  examples: [
    'keys create "deploy pipeline" --principal service:deploys --role operator --scope run.* --days 30',
    'keys create reader --role auditor --scope run.read --scope audit.read -o json',
  ],
  calls: ['POST /v1/api-keys'],
  async run(context, call) {
    const scopes = call.many('scope');
    if (scopes.length === 0)
      throw usage(
        'A key needs a scope.',
        'No --scope was given.',
        'Give --scope run.read, or --scope "*" for everything its roles allow.',
      );
    const days = wholeNumber('--days', call.text('days')) ?? 90;
    const principal = call.text('principal');
    const key = await context.client().apiKeys.create(
      {
        label: call.arg(0),
        roles: call.many('role'),
        scopes,
        expires_at: new Date(Date.now() + days * DAY_MS).toISOString(),
        ...(principal === undefined ? {} : { principal }),
      },
      { signal: context.signal },
    );
    context.hint('The secret is shown this once and kept nowhere.');
    return { output: { kind: 'one', row: asRow(key), id: key.id } };
  },
};

const listKeys: Command = {
  name: 'keys list',
  summary: 'List API keys, newest first',
  examples: ['keys list', 'keys list -o json'],
  calls: ['GET /v1/api-keys'],
  run(context) {
    const rows = asRows(context.client().apiKeys.list({}, { signal: context.signal }));
    const columns = members('id', 'label', 'principal', 'roles', 'scopes', 'expires_at', 'revoked_at').map(
      (column) => ({
        ...column,
        value: (row: Row) => column.value(joined(row)),
      }),
    );
    return Promise.resolve({
      output: { kind: 'list', rows, columns, id: (row) => String(row['id']), empty: 'No keys.' },
    });
  },
};

const revoke: Command = {
  name: 'keys revoke',
  summary: 'Revoke an API key, at once',
  args: [{ usage: '<key>', description: 'id of the key, key_…' }],
  examples: ['keys revoke key_01k8x0q3wsf5z8k2m4n6p8r0t7'],
  calls: ['POST /v1/api-keys/{id}/revoke'],
  async run(context, call) {
    const key = await context.client().apiKeys.revoke(call.arg(0), { signal: context.signal });
    return { output: { kind: 'one', row: asRow(key), id: key.id } };
  },
};

export const KEY_COMMANDS: readonly Command[] = [create, listKeys, revoke];
