import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shellWords } from '../../../test/support/shell-words';
import { COMMANDS } from './commands';
import { buildProgram } from './program';

const ROOT = join(__dirname, '..', '..', '..');
const GUIDES = ['README.md', 'CHANGELOG.md', 'docs', 'policies', 'examples'];
const guides = () =>
  GUIDES.flatMap((path) => [...files(path, /\.md$/)]).filter((path) => inGuide(textOf(path)).length > 0);

function* files(path: string, ending: RegExp): Generator<string> {
  if (ending.test(path)) return yield path;
  for (const entry of readdirSync(join(ROOT, path), { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory() ? entry.name !== 'node_modules' : ending.test(entry.name)) yield* files(inner, ending);
  }
}

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** What begins a text that is hashed: no command. */
const HASHED = /^writ [a-z]+ \d+$/;

/** Lines of code blocks, and code within sentences, that begin with `writ`: without what follows them as a remark. */
function inGuide(text: string): string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'));
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
  return [...blocks, ...inline]
    .filter((line) => /^(\.\/)?writ [a-z]/.test(line) && !HASHED.test(line))
    .map((line) => line.replace(/(\s{2,}| #| ·).*$/, '').replace(/ > \S+$/, ''));
}

/** What the console offers to copy into a terminal, where there is nothing yet. */
const inConsole = (text: string): string[] =>
  [...text.matchAll(/ command=(?:"([^"]+)"|'([^']+)'|\{['`]([^`]+)['`]\})/g)].map(
    (match) => match[1] ?? match[2] ?? match[3]!,
  );

/** Placeholders as a reader fills them in: `<run>`, `run_…`, `a|b`, `[more]`. */
const filled = (line: string): string =>
  line
    .replace(/^(\.\/)?writ /, '')
    .replace(/(--[\w-]+) "?…"?/g, '$1 x')
    .replace(/\s…/g, '')
    .replace(/<[^>]*>/g, 'x')
    .replace(/(\w)\|[\w|-]+/g, '$1')
    .replace(/\$\([^)]*\)/g, 'x')
    .replace(/…/g, 'x');

/** Null when it parses as a command; otherwise what the command line says. */
async function fault(line: string): Promise<string | null> {
  const silent = { out: () => undefined, err: () => undefined };
  const program = buildProgram(COMMANDS, silent, () => Promise.resolve());
  try {
    await program.parseAsync(shellWords(filled(line)), { from: 'user' });
    return null;
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    // Sentences name commands without what they take; a part of one, such as `writ runs`, answers with its help.
    return code === 'commander.help' || code === 'commander.missingArgument' ? null : `${line}: ${message}`;
  }
}

/** Commands that the console puts together from what is looked at, each with every option it may add. */
const madeInConsole = (text: string): string[] =>
  [...text.matchAll(/^(?:export )?function (?:(?!^})[\s\S])*?\['\.\/writ', ([^\]]+)\](?:(?!^})[\s\S])*/gm)].map(
    ([whole, words]) =>
      [
        './writ',
        ...quoted(words!),
        ...[...whole.matchAll(/push\('(--[\w-]+)'(,)?/g)].map(([, flag, value]) => `${flag}${value ? ' 5' : ''}`),
      ].join(' '),
  );
const quoted = (text: string): string[] => [...text.matchAll(/'([^']+)'/g)].map(([, word]) => word!);

const faults = async (lines: readonly string[]): Promise<string[]> =>
  (await Promise.all(lines.map(fault))).filter((one) => one !== null);

describe('the commands that people are shown', () => {
  it.each(guides())('%s shows none that the CLI does not take', async (path) => {
    expect(await faults(inGuide(textOf(path)))).toEqual([]);
  });

  it('the console offers none that the CLI does not take', async () => {
    const sources = [...files('apps/console/src', /\.tsx?$/)].filter((path) => !path.endsWith('.spec.ts'));
    const lines = sources.flatMap((path) => inConsole(textOf(path))).filter((line) => line.startsWith('./writ'));
    expect(lines.length).toBeGreaterThan(10);
    expect(await faults(lines)).toEqual([]);
  });

  it('the console puts none together that the CLI does not take: lists, as they are filtered', async () => {
    const made = [...files('apps/console/src', /exports\.ts$/)].flatMap((path) => madeInConsole(textOf(path)));
    expect(made).toEqual(expect.arrayContaining([expect.stringMatching(/^\.\/writ runs list --query 5/)]));
    expect(made).toHaveLength(3);
    expect(await faults(made)).toEqual([]);
  });
});
