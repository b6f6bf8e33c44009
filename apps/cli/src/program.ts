import { Command as Node, type CommanderError, Option as Flag } from 'commander';
import { usage } from './cli-error';
import { type Command, Given, type Option } from './command';
import { EXIT } from './exit-codes';
import type { Io } from './output/io';
import type { Format } from './output/output';
import { FORMATS } from './output/output';

/** Options of every command, as they were given. */
export interface Settings {
  readonly format: Format;
  readonly quiet: boolean;
  readonly url: string | undefined;
}

/** Runs one command that was parsed; tests put their own here. */
export type Invoke = (command: Command, settings: Settings, given: Given) => Promise<void>;

const GROUPS: { readonly [word: string]: string } = {
  runs: 'Start runs, look at them, steer them',
  stop: 'Stop an agent, a tool, a model, a workflow, a run, a tenant or everything',
  batches: 'Many inputs to one workflow, under one budget',
  triggers: 'Schedules and webhooks that start runs',
  admission: 'How many runs of a tenant are led at once, and how many wait',
  approvals: 'What people are asked to allow: look, decide, stand in for one another',
  questions: 'What workflows ask people, and the answers',
  reviews: 'Runs that were drawn for somebody to look at afterwards',
  access: 'Decisions for applications outside (AuthZEN), and requests for what was denied',
  directory: 'What is known of subjects and resources outside, for conditions of the policy',
  subscriptions: 'Where events are sent: webhooks, their deliveries',
  budgets: 'Limits of the tenant, its agents, models and workflows',
  models: 'Models: prices and limits of their endpoints',
  guardrails: 'Guardrails in force, and what they say of a text',
  platform: 'What holds for every tenant; for the owner of the database',
  config: 'Publish definitions and policies',
  policy: 'Policies: what is in force, what another would change, what they are expected to decide',
  keys: 'API keys',
  audit: 'Evidence',
};

/** The whole command tree. Nothing runs until it parses arguments. */
export function buildProgram(commands: readonly Command[], io: Pick<Io, 'out' | 'err'>, invoke: Invoke): Node {
  const program = new Node('writ')
    .description('Writ, a governed control plane for LLM agents.')
    .helpCommand(false)
    // `stop` is a command and a group: options after `stop list` are those of `list`.
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .addHelpText('after', '\nStart with `writ dev`, then `writ help exit-codes` and `writ help -o json` for programs.');
  for (const command of [...commands].sort((a, b) => a.name.split(' ').length - b.name.split(' ').length)) {
    add(program, command, invoke);
  }
  return quiet(program, io);
}

function add(program: Node, command: Command, invoke: Invoke): void {
  const words = command.name.split(' ');
  const last = words.pop() ?? '';
  let parent = program;
  for (const word of words) parent = child(parent, word);
  const node = child(parent, last);
  node.description(command.description ?? command.summary).summary(command.summary);
  for (const { usage: text, description } of command.args ?? []) node.argument(text, description);
  for (const option of command.options ?? []) node.addOption(flag(option));
  node
    .addOption(new Flag('-o, --output <format>', 'how to print the answer').choices(FORMATS).default('table'))
    .option('-q, --quiet', 'no hints and no progress')
    .option('--url <url>', 'control plane to talk to (or WRIT_URL)')
    .addHelpText('after', afterHelp(command))
    .action(async (...received: unknown[]) => {
      const options = node.opts<Record<string, unknown>>();
      const args = received.slice(0, command.args?.length ?? 0) as (string | undefined)[];
      const settings = {
        format: options['output'] as Format,
        quiet: options['quiet'] === true,
        url: options['url'] as string | undefined,
      };
      await invoke(command, settings, new Given(args, options));
    });
}

function child(parent: Node, word: string): Node {
  const found = parent.commands.find((node) => node.name() === word);
  if (found) return found;
  const made = parent.command(word).helpCommand(false).enablePositionalOptions();
  if (GROUPS[word]) made.description(GROUPS[word]);
  return made;
}

function flag({ flags, description, choices, many }: Option): Flag {
  const option = new Flag(flags, description);
  if (choices) option.choices(choices);
  if (many) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function afterHelp({ examples, calls }: Command): string {
  const lines = ['', 'Examples:', ...examples.map((example) => `  writ ${example}`)];
  if (calls) lines.push('', `API: ${calls.join(', ')}`);
  return [...lines, '', 'Exit codes: writ help exit-codes'].join('\n');
}

/** Commander ends nothing by itself anywhere in the tree, and reports no error: we do, in three lines. */
function quiet(node: Node, io: Pick<Io, 'out' | 'err'>): Node {
  node.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    outputError: () => undefined,
  });
  for (const one of node.commands) quiet(one, io);
  return node;
}

/** Help asked for is an answer; everything else commander throws is a usage error in three lines. */
export function fromCommander(error: CommanderError): ReturnType<typeof usage> | null {
  if (error.exitCode === EXIT.ok || error.code === 'commander.help') return null;
  const [why = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return usage('The command line is not valid.', why, suggestion || 'Add --help to see what the command takes.');
}
