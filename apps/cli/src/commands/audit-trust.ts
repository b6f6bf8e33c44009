import { readFileSync } from 'node:fs';
import { formatVkey, parseNote, parseCheckpoint, parseVkey, type Trust, type VerifierKey } from '@writ/verify';
import { CliError, usage } from '../cli-error';
import type { Context, Given, Option } from '../command';
import { knownLogs } from '../local/known-logs';

export const TRUST_OPTIONS: readonly Option[] = [
  { flags: '--key <vkey>', description: 'verifier key of the log, from its operator; may be repeated', many: true },
  { flags: '--checkpoint <file>', description: 'a checkpoint you kept: the log must go on from it', many: true },
  {
    flags: '--accept-embedded-key',
    description: 'believe the keys the file names; shows that it is whole, not genuine',
  },
  { flags: '--remember', description: 'keep the keys given, and the newest checkpoint, for the next time' },
];

/** What is known beforehand: keys and checkpoints of the command line, and the keys this user keeps. */
export function knownBeforehand(context: Context, call: Given) {
  const kept = Object.values(knownLogs(context.io.env)).flatMap(({ keys }) => keys);
  return {
    keys: [...call.many('key').map(keyOf), ...kept.map(parseVkey).flatMap((key) => (key.ok ? [key.value] : []))],
    checkpoints: call.many('checkpoint').map(checkpointOf),
    acceptEmbedded: call.flag('acceptEmbeddedKey'),
  } satisfies Trust;
}

function keyOf(text: string): VerifierKey {
  const key = parseVkey(text);
  if (key.ok) return key.value;
  throw usage(
    'That is no verifier key.',
    key.failure.message,
    key.failure.next ?? 'Ask the operator of the log for it.',
  );
}

function checkpointOf(file: string): string {
  const text = readText(file);
  const note = parseNote(text);
  const read = note.ok ? parseCheckpoint(note.value) : note;
  if (read.ok) return text;
  throw usage(`${file} is no checkpoint.`, read.failure.message, 'Keep what `writ audit checkpoint` prints.');
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usage(`${file} cannot be read.`, (error as Error).message, 'Check the name of the file.');
  }
}

/** Nothing was checked: a green tick from a key that came with the file would say nothing. */
export const unknownKey = (what: string, keys: readonly VerifierKey[], signedBy: readonly string[] = []): CliError => {
  const vkeys = keys.map(formatVkey);
  const named = vkeys.length > 0 ? vkeys.join(' ') : signedBy.join(', ');
  const key = vkeys[0] ?? '<vkey>';
  return new CliError({
    exit: 'usage',
    code: 'unknown_log_key',
    what: `${what} was not checked: no key of that log is known here.`,
    why: `It names ${named}, and whoever forges a log signs it with a key of their own.`,
    next: `Compare the key with the one the log’s operator told you, then add --key "${key}".`,
  });
};
