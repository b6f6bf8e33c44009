import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTES } from '@writ/contract';
import { shellWords as words } from '../../../test/support/shell-words';
import { Given } from './command';
import { COMMANDS } from './commands';
import { EXIT, EXIT_MEANINGS } from './exit-codes';
import { FORMATS } from './output/output';
import { buildProgram } from './program';

interface Parsed {
  readonly name: string;
  readonly format: string;
}

/** What a command line would run. */
async function parse(words: readonly string[]): Promise<Parsed | null> {
  let parsed: Parsed | null = null;
  const silent = { out: () => undefined, err: () => undefined };
  const program = buildProgram(COMMANDS, silent, async (command, settings) => {
    parsed = { name: command.name, format: settings.format };
    await Promise.resolve();
  });
  await program.parseAsync([...words], { from: 'user' });
  return parsed;
}

describe.each(COMMANDS.map((command) => [command.name, command] as const))('writ %s', (name, command) => {
  it('says what it does, in a sentence without jargon of the code', () => {
    expect(command.summary).toMatch(/^[A-Z].{8,100}[^.]$/);
  });

  it.each(command.examples)('has an example that parses as this command: writ %s', async (example) => {
    expect(await parse(words(example))).toMatchObject({ name });
  });

  it.each(FORMATS)('honours -o %s', async (format) => {
    const [example] = command.examples;
    const bare = words(example).filter((word, i, all) => word !== '-o' && all[i - 1] !== '-o');
    expect(await parse([...bare, '-o', format])).toEqual({ name, format });
  });

  it('reads each of its options by the name it has on the command line', () => {
    for (const { flags } of command.options ?? []) {
      const [long = '', value] = flags.split(', ').at(-1)!.slice(2).split(' ');
      const camel = long.replace(/-./g, (part) => part[1]!.toUpperCase());
      const given = new Given([], { [camel]: value === undefined ? true : 'x' });
      expect(value === undefined ? given.flag(long) : given.text(long)).toBe(value === undefined ? true : 'x');
    }
  });

  it('names only operations the API has', () => {
    const known = Object.values(ROUTES).map((route) => `${route.method} ${route.path}`);
    expect((command.calls ?? []).filter((call) => !known.includes(call))).toEqual([]);
  });

  it('explains each of its arguments and options', () => {
    const texts = [...(command.args ?? []), ...(command.options ?? [])].map(({ description }) => description);
    expect(texts.filter((text) => text.length < 8)).toEqual([]);
  });
});

describe('the command tree', () => {
  it('reaches every operation of the API but those for machines', () => {
    const reached = new Set(COMMANDS.flatMap(({ calls }) => calls ?? []));
    // The others are for a page that people look at while they type and point.
    const forMachines = [
      'GET /openapi.json',
      'GET /problems/{code}',
      'GET /v1/runs/histogram',
      'GET /v1/runs/values',
      'GET /v1/runs/{id}/timeline',
      'GET /v1/audit/histogram',
      'GET /v1/audit/values',
      'POST /v1/session',
      'GET /v1/session',
      'DELETE /v1/session',
      'GET /v1/audit/tile/{tile}',
      'POST /v1/hooks/{id}',
    ];
    const missed = Object.values(ROUTES)
      .map((route) => `${route.method} ${route.path}`)
      .filter((call) => !reached.has(call) && !forMachines.includes(call));
    expect(missed).toEqual([]);
  });

  it('refuses a format it does not have', async () => {
    await expect(parse(['runs', 'list', '-o', 'xml'])).rejects.toThrow('xml');
  });

  it('has the exit codes of the documentation', () => {
    const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'reference', 'exit-codes.md'), 'utf8');
    const rows = [...page.matchAll(/^\| (\d+) \| (\w+) \| (.+) \|$/gm)].map(([, code, name, meaning]) => [
      code,
      name,
      meaning,
    ]);
    const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
    expect(rows).toEqual(names.map((name) => [String(EXIT[name]), name, EXIT_MEANINGS[name]]));
  });

  it('gives each exit code one meaning', () => {
    expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length);
    expect(Object.keys(EXIT_MEANINGS)).toEqual(Object.keys(EXIT));
  });
});
