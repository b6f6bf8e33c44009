import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { logger } from '@writ/telemetry';
import { fromBase64, toBase64 } from '@writ/verify';
import { LogKey } from './log-key';
import { makePrivateFolder } from './private-folder';

/** Where the private keys are: a file, or their text itself (from a secret in the environment). */
export type KeySource = { readonly file: string } | { readonly text: string };

const HEAD =
  '# Keys that sign the logs’ checkpoints, oldest first; the last one signs. Secret: whoever has it can sign as the log.\n';
const LINE = /^ed25519 ([A-Za-z0-9+/]{43}=)$/;
const log = logger('audit.log');

/**
 * The private keys of the logs. They are kept outside the database, so that whoever owns the database cannot sign what
 * they changed there. A file is made at first use, readable by its owner alone, and read again whenever it changed.
 */
export class KeyRing {
  #held: { readonly stamp: string; readonly keys: readonly LogKey[] } | null = null;

  constructor(private readonly source: KeySource) {}

  /** Where a person finds the keys. */
  get place(): string {
    return 'file' in this.source ? this.source.file : 'WRIT_LOG_KEY';
  }

  /** Oldest first; the last one signs. Throws with a sentence when the source cannot be read as keys. */
  keys(): readonly LogKey[] {
    const stamp = this.#placed();
    if (this.#held?.stamp !== stamp) this.#held = { stamp, keys: this.#read() };
    return this.#held.keys;
  }

  /** The newest key: what a log that is signed for the first time is signed with. */
  newest(): LogKey {
    return this.keys().at(-1)!;
  }

  /** The private half of a verifier key, or null when it is not here. */
  find(name: string, keyId: string): LogKey | null {
    return this.keys().find((key) => key.verifier(name).keyId === keyId) ?? null;
  }

  /** Adds a fresh key that is the newest from now on. Only a file can take one. */
  add(): LogKey {
    if (!('file' in this.source)) {
      throw new Error('WRIT_LOG_KEY holds the keys: append the new one there, after a comma, and start again');
    }
    const key = LogKey.fresh();
    const text = `${readFileSync(this.source.file, 'utf8').trimEnd()}\n${lineOf(key)}`;
    replaceFile(this.source.file, text);
    return key;
  }

  #placed(): string {
    try {
      return this.#stamp();
    } catch (error) {
      const why = (error as Error).message;
      throw new Error(`the logs’ key cannot be kept (${why}); name another place with WRIT_LOG_KEY_FILE`, {
        cause: error,
      });
    }
  }

  #stamp(): string {
    if (!('file' in this.source)) return 'text';
    const found = statSync(this.source.file, { throwIfNoEntry: false, bigint: true }) ?? makeFile(this.source.file);
    return `${found.ino} ${found.mtimeNs} ${found.size}`;
  }

  #read(): readonly LogKey[] {
    if (!('file' in this.source)) return parse(this.source.text.split(','), 'WRIT_LOG_KEY');
    const { file } = this.source;
    if ((statSync(file).mode & 0o077) !== 0) log.warn({ file }, 'others may read the key of the log: chmod 600');
    const lines = readFileSync(file, 'utf8').split('\n');
    return parse(
      lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')),
      file,
    );
  }
}

const lineOf = (key: LogKey): string => `ed25519 ${toBase64(key.seed)}\n`;

function parse(lines: readonly string[], place: string): readonly LogKey[] {
  const keys = lines.map((line, i) => {
    const text = line.trim();
    const seed = fromBase64(LINE.exec(text)?.[1] ?? text);
    const key = seed && LogKey.of(seed);
    if (!key) throw new Error(`${place}: key ${i + 1} is none; a line is "ed25519" and 32 bytes in base64`);
    return key;
  });
  if (keys.length === 0) throw new Error(`${place} holds no key`);
  return keys;
}

/** Of processes that start at once, one makes the file and the others use it. */
function makeFile(file: string) {
  makePrivateFolder(dirname(file));
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, HEAD + lineOf(LogKey.fresh()), { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
    log.info({ file }, 'made a key that signs the logs; keep a copy of it in a safe place');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return statSync(file, { bigint: true });
}

function replaceFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, file);
}
