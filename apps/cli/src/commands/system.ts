import type { Command } from '../command';
import { EXIT, EXIT_MEANINGS, type ExitName } from '../exit-codes';
import { members, type Row } from '../output/output';
import { diagnose } from './diagnose';

/** Loaded when asked for: they bring the database along, `dev` the whole product. */
const developing = () => require('../dev/dev') as typeof import('../dev/dev');
const migrating = () => require('../local/migrate') as typeof import('../local/migrate');
const product = () => require('../local/version') as typeof import('../local/version');

const dev: Command = {
  name: 'dev',
  summary: 'Run the whole product in this process, with its own Postgres',
  description:
    'Runs the control plane and a worker in this process, over the Postgres of DATABASE_URL or an embedded one whose data stays in WRIT_HOME. The first start makes a tenant and an administrator’s key, prints it once and keeps it for this CLI. Ctrl-C stops it cleanly.',
  options: [
    { flags: '--port <port>', description: 'port to listen on (WRIT_PORT, 8420); 0 takes a free one' },
    { flags: '--host <host>', description: 'address to listen on (WRIT_HOST, 127.0.0.1)' },
  ],
  examples: ['dev', 'dev --port 0 -o json'],
  async run(context, call) {
    const port = call.text('port');
    const host = call.text('host');
    return developing().runDev(context, {
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
    });
  },
};

const migrate: Command = {
  name: 'migrate',
  summary: 'Bring the database to this program’s schema',
  description:
    'Brings the database of DATABASE_URL (as its owner), or the local one, to this program’s schema and makes the roles the services log in with. Safe to run from several places at once.',
  examples: ['migrate', 'migrate -o json'],
  run: (context) => migrating().runMigrate(context),
};

const doctor: Command = {
  name: 'doctor',
  summary: 'Check what this CLI and the control plane need, and say what is missing',
  examples: ['doctor', 'doctor -o json'],
  calls: ['GET /health', 'GET /ready', 'GET /v1/me', 'GET /v1/audit/log'],
  async run(context) {
    const findings = await diagnose(context);
    const rows = findings.map(({ ok, ...rest }): Row => ({ ok, ...rest }));
    const columns = members('check', 'ok', 'detail', 'next');
    const output = { kind: 'list', rows, columns, id: (row: Row) => String(row['check']), empty: '' } as const;
    return { output, exit: findings.every(({ ok }) => ok) ? 'ok' : 'failed' };
  },
};

const version: Command = {
  name: 'version',
  summary: 'Print the version',
  examples: ['version', 'version -o json'],
  run() {
    const row = {
      version: product().productVersion(),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    return Promise.resolve({ output: { kind: 'one', row, id: row.version } });
  },
};

function* exitCodes(): Generator<Row> {
  for (const name of Object.keys(EXIT) as ExitName[]) yield { code: EXIT[name], name, meaning: EXIT_MEANINGS[name] };
}

/** `help` itself. The tree is handed in, since this command is part of it. */
export const helpCommand = (tree: () => readonly Command[]): Command => ({
  name: 'help',
  summary: 'List every command, or the exit codes',
  args: [{ usage: '[topic]', description: 'exit-codes; every command by default' }],
  examples: ['help', 'help exit-codes', 'help -o json'],
  run(_context, call) {
    if (call.arg(0) === 'exit-codes') {
      const columns = members('code', 'name', 'meaning');
      return Promise.resolve({
        output: { kind: 'list', rows: exitCodes(), columns, id: (row) => String(row['code']), empty: '' },
      });
    }
    const rows = tree()
      .filter(({ name }) => call.arg(0) === '' || name.startsWith(call.arg(0)))
      .map(({ name, summary, args, options, examples, calls }): Row => ({
        name,
        summary,
        args: (args ?? []).map((one) => ({ ...one })),
        options: (options ?? []).map(({ flags, description }) => ({ flags, description })),
        examples: examples.map((example) => `writ ${example}`),
        calls: [...(calls ?? [])],
      }));
    return Promise.resolve({
      output: {
        kind: 'list',
        rows,
        columns: members('name', 'summary'),
        id: (row) => String(row['name']),
        empty: `No command begins with "${call.arg(0)}".`,
      },
    });
  },
});

export const SYSTEM_COMMANDS: readonly Command[] = [dev, migrate, doctor, version];
