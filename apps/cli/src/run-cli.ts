import { CommanderError } from 'commander';
import { type CliError, toCliError } from './cli-error';
import type { Command, Context, Given, Result } from './command';
import { clientOf, connection } from './connection';
import { COMMANDS } from './commands';
import { EXIT } from './exit-codes';
import type { Io } from './output/io';
import { type Format, SCHEMA_VERSION } from './output/output';
import { print } from './output/print';
import { buildProgram, fromCommander, type Settings } from './program';

/**
 * Runs one command line (without `node` and the script) and returns its exit code. Writes only through `io`.
 * `signal` is aborted by Ctrl-C.
 */
export async function runCli(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(COMMANDS, io, async (command, settings, given) => {
    code = await perform(command, { settings, given, io, signal });
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const fault = fromCommander(error);
    if (fault === null) return error.code === 'commander.help' ? EXIT.usage : EXIT.ok;
    return report(io, formatIn(argv), fault);
  }
}

/** The format asked for on a command line that could not be parsed. */
function formatIn(argv: readonly string[]): Format {
  const at = argv.findIndex((word) => word === '-o' || word === '--output');
  const asked = at < 0 ? argv.find((word) => word.startsWith('--output='))?.slice('--output='.length) : argv[at + 1];
  return asked === 'json' || asked === 'ndjson' ? asked : 'table';
}

interface Call {
  readonly settings: Settings;
  readonly given: Given;
  readonly io: Io;
  readonly signal: AbortSignal;
}

async function perform(command: Command, call: Call): Promise<number> {
  const { settings, given, io, signal } = call;
  const target = connection(io.env, settings.url);
  const context: Context = {
    io,
    signal,
    format: settings.format,
    quiet: settings.quiet,
    url: target.url,
    client: () => clientOf(target),
    print: (output) => print(io, settings.format, output),
    hint: (text) => {
      if (!settings.quiet) io.err(`${text}\n`);
    },
  };
  try {
    const result: Result = await command.run(context, given);
    if (result.output) await context.print(result.output);
    return EXIT[result.exit ?? 'ok'];
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    if (io.env['WRIT_DEBUG'] === '1' && error instanceof Error) io.err(`${error.stack}\n`);
    return report(io, settings.format, toCliError(error, target.url));
  }
}

/** Three lines for people; one JSON document for programs. Either way on standard error: there is no data. */
function report(io: Io, format: Format, error: CliError): number {
  const { message: what, why, next, code, requestId } = error;
  if (format === 'json' || format === 'ndjson') {
    const said = { code, what, why, next, request_id: requestId, exit_code: EXIT[error.exit] };
    io.err(`${JSON.stringify({ schema_version: SCHEMA_VERSION, error: said })}\n`);
  } else {
    io.err(`${what}\n  why   ${why}${requestId === null ? '' : ` (request ${requestId})`}\n  next  ${next}\n`);
  }
  return EXIT[error.exit];
}
