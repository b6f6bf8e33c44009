import { existsSync } from 'node:fs';
import { WritClient, WritError } from '@writ/sdk';
import type { Context } from '../command';
import { connection, loginFile, readLogin } from '../connection';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly next: string;
}

const LEAST_NODE = [24, 11] as const;
const PATIENCE = { maxRetries: 0, timeoutMs: 5_000 } as const;

const good = (check: string, detail: string): Finding => ({ check, ok: true, detail, next: '' });
const bad = (check: string, detail: string, next: string): Finding => ({ check, ok: false, detail, next });

function runtime(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const detail = `Node ${process.versions.node}`;
  return recent
    ? good('runtime', detail)
    : bad('runtime', detail, `Use Node ${LEAST_NODE.join('.')} or newer, or start through npm.`);
}

function login(context: Context): Finding {
  if (context.io.env['WRIT_API_KEY']) return good('key', 'WRIT_API_KEY is set');
  const file = loginFile(context.io.env);
  const known = readLogin(context.io.env);
  if (!known) {
    const detail = existsSync(file)
      ? `${file} cannot be read`
      : 'no key: WRIT_API_KEY is not set and `writ dev` left none';
    return bad('key', detail, 'Run `npm start`, or set WRIT_API_KEY.');
  }
  return known.url === context.url
    ? good('key', `from ${file}`)
    : bad(
        'key',
        `the key in ${file} is for ${known.url}, not ${context.url}`,
        'Set WRIT_API_KEY to a key of that server.',
      );
}

/** What stands between this CLI and a working control plane, nearest first; later checks need the earlier ones. */
export async function diagnose(context: Context): Promise<Finding[]> {
  const findings = [runtime(), login(context)];
  const { url, apiKey } = connection(context.io.env, context.url);
  const client = new WritClient({ url, ...(apiKey === null ? {} : { apiKey }) });
  const call = { ...PATIENCE, signal: context.signal };
  try {
    const { version } = await client.system.health(call);
    findings.push(good('api', `${url} answers, version ${version}`));
  } catch (error) {
    return [...findings, bad('api', `${url}: ${messageOf(error)}`, 'Start one with `npm start`, or set WRIT_URL.')];
  }
  const { checks } = await client.system.ready(call);
  for (const { name, ok, detail } of checks) {
    findings.push(ok ? good(name, detail) : bad(name, detail, NEXT[name] ?? 'See the log of the control plane.'));
  }
  if (apiKey === null) return findings;
  try {
    const me = await client.system.me(call);
    findings.push(good('login', `${me.principal} of ${me.tenant}, key until ${me.key.expires_at}`));
  } catch (error) {
    findings.push(
      bad('login', messageOf(error), 'Set WRIT_API_KEY to a key of this server, or run `npm start` again.'),
    );
    return findings;
  }
  return [...findings, ...(await logOf(client, call))];
}

/** How the log stands, for those who may know. */
async function logOf(client: WritClient, call: typeof PATIENCE & { readonly signal: AbortSignal }): Promise<Finding[]> {
  try {
    const { state, reason, size, lag_ms: lag } = await client.audit.log(call);
    if (reason) return [bad('log', `not signed: ${reason.message}`, reason.next ?? 'See `writ audit log`.')];
    const detail = `${state}, ${size} events sealed`;
    if (state === 'lagging') {
      const waits = `${detail}; the oldest event waits for ${Math.round(lag / 1000)} s, and with it every effect`;
      return [bad('log', waits, 'Start a worker, or see its log for why it does not seal.')];
    }
    return [good('log', detail)];
  } catch (error) {
    if (error instanceof WritError && error.status === 403) return [];
    return [bad('log', messageOf(error), 'See the log of the control plane.')];
  }
}

const NEXT: { readonly [check: string]: string | undefined } = {
  database: 'Start the database, or mend DATABASE_URL of the control plane.',
  schema: 'Run `writ migrate` as the owner of the database.',
  worker: 'Start a worker: runs are accepted, and none moves.',
};

const messageOf = (error: unknown): string => (error instanceof WritError ? error.message : String(error));
