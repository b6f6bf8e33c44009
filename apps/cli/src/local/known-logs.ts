import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loginFile } from '../connection';

type Variables = { readonly [name: string]: string | undefined };

/** What this user knows of a log from another source than the log: its keys, and how far it had come. */
export interface KnownLog {
  /** Verifier keys. */
  readonly keys: readonly string[];
  /** The newest signed checkpoint that was verified here; absent before the first. */
  readonly checkpoint?: string;
}

type KnownLogs = { readonly [origin: string]: KnownLog };

/** Beside the login: `writ dev` writes the keys of its own logs there, `writ audit verify --remember` those it was given. */
const fileOf = (env: Variables): string => join(dirname(loginFile(env)), 'logs.json');

export function knownLogs(env: Variables): KnownLogs {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(fileOf(env), 'utf8'));
  } catch {
    return {};
  }
  if (typeof read !== 'object' || read === null) return {};
  // A damaged entry is no reason to believe less of the others.
  return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, KnownLog] => isKnownLog(entry[1])));
}

function isKnownLog(value: unknown): value is KnownLog {
  const { keys, checkpoint } = (value ?? {}) as { keys?: unknown; checkpoint?: unknown };
  const texts = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  return texts && (checkpoint === undefined || typeof checkpoint === 'string');
}

/** Adds keys to a log, and takes its newest checkpoint in place of the one before. */
export function rememberLog(env: Variables, origin: string, learnt: KnownLog): void {
  const all = knownLogs(env);
  const before = all[origin];
  const keys = [...new Set([...(before?.keys ?? []), ...learnt.keys])];
  const checkpoint = learnt.checkpoint ?? before?.checkpoint;
  const known: KnownLog = { keys, ...(checkpoint !== undefined && { checkpoint }) };
  if (before && JSON.stringify(before) === JSON.stringify(known)) return;
  const file = fileOf(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ ...all, [origin]: known }, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
