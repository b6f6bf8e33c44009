import { isIP } from 'node:net';
import { readDrafts } from './access/drafts';

export interface Environment {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly cursorSecret: Uint8Array | null;
  readonly trustedProxies: readonly string[] | null;
  readonly authzenDrafts: ReadonlySet<string>;
}

type Variables = { readonly [name: string]: string | undefined };

/** Reads what the process is told from outside; throws with the variable's name and what it may be. */
export function readEnvironment(env: Variables = process.env): Environment {
  const databaseUrl = env['DATABASE_URL'];
  if (!databaseUrl)
    throw new Error('DATABASE_URL is not set; `writ dev` brings its own database, this server does not');
  const port = Number(env['WRIT_PORT'] ?? 8420);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`WRIT_PORT is ${env['WRIT_PORT']}; use a number from 0 to 65535, or unset it`);
  }
  const secret = env['WRIT_CURSOR_SECRET'];
  if (secret !== undefined && secret.length < 32) throw new Error('WRIT_CURSOR_SECRET has fewer than 32 characters');
  return {
    databaseUrl,
    redisUrl: env['REDIS_URL'] ?? null,
    host: env['WRIT_HOST'] ?? '127.0.0.1',
    port,
    authzenDrafts: readDrafts(env['WRIT_AUTHZEN_DRAFTS']),
    trustedProxies: proxies(env['WRIT_TRUSTED_PROXIES']),
    cursorSecret: secret === undefined ? null : new TextEncoder().encode(secret),
  };
}

/** Addresses and networks, separated by commas: `10.0.0.1, 192.168.0.0/16`. */
function proxies(given: string | undefined): readonly string[] | null {
  if (given === undefined || given.trim() === '') return null;
  const list = given.split(',').map((one) => one.trim());
  const odd = list.find((one) => isIP(one.split('/', 1)[0] ?? '') === 0 || !/^[^/]+(\/\d{1,3})?$/.test(one));
  if (odd === undefined) return list;
  throw new Error(`WRIT_TRUSTED_PROXIES has "${odd}"; use addresses and networks such as 10.0.0.1 or 192.168.0.0/16`);
}
