import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { WritClient } from '@writ/sdk';
import { CliError } from './cli-error';

type Variables = { readonly [name: string]: string | undefined };

const DEFAULT_URL = 'http://127.0.0.1:8420';

/** What `writ dev` leaves for the CLI of the same user. */
export interface Login {
  readonly url: string;
  readonly api_key: string;
  readonly tenant: string;
}

/** Beside the data when WRIT_HOME says where that is; otherwise in the user's own configuration. */
export function loginFile(env: Variables): string {
  if (env['WRIT_HOME']) return join(env['WRIT_HOME'], 'login.json');
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'writ', 'login.json');
}

export function readLogin(env: Variables): Login | null {
  try {
    const { url, api_key, tenant } = JSON.parse(readFileSync(loginFile(env), 'utf8')) as Partial<Login>;
    return url && api_key && tenant ? { url, api_key, tenant } : null;
  } catch {
    return null;
  }
}

/** Readable by its owner alone from the first byte on; replaced whole, so that a reader never sees half of one. */
export function writeLogin(env: Variables, login: Login): string {
  const file = loginFile(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return file;
}

export interface Connection {
  readonly url: string;
  readonly apiKey: string | null;
}

/** Flag before environment before what `writ dev` left. A local key is sent only to the server it came from. */
export function connection(env: Variables, flag: string | undefined): Connection {
  const login = readLogin(env);
  const url = (flag ?? env['WRIT_URL'] ?? login?.url ?? DEFAULT_URL).replace(/\/+$/, '');
  const apiKey = env['WRIT_API_KEY'] ?? (login?.url === url ? login.api_key : null);
  return { url, apiKey };
}

export function clientOf({ url, apiKey }: Connection): WritClient {
  if (!URL.canParse(url)) {
    throw new CliError({
      exit: 'usage',
      code: 'invalid_url',
      what: 'The address of the control plane is not a URL.',
      why: `It is "${url}".`,
      next: `Set WRIT_URL to something like ${DEFAULT_URL}.`,
    });
  }
  if (apiKey === null) {
    throw new CliError({
      exit: 'not_logged_in',
      code: 'not_logged_in',
      what: `There is no API key for ${url}.`,
      why: 'WRIT_API_KEY is not set, and no `writ dev` of this user has left a key for that address.',
      next: 'Run `npm start` on this machine, or set WRIT_API_KEY to a key of that server.',
    });
  }
  return new WritClient({ url, apiKey });
}
