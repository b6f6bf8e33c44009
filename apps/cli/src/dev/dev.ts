import 'reflect-metadata';
// Before anything it instruments is loaded.
import './first';
import { once } from 'node:events';
import { runMigrations } from '@writ/database';
import { productVersion } from '@writ/telemetry';
import { createControlPlane, readDrafts } from '../../../control-plane/src';
import { type RunningWorker, startWorker } from '../../../worker/src';
import type { Context, Result } from '../command';
import { readLogin, writeLogin } from '../connection';
import { type OwnDatabase, ownDatabase } from '../local/postgres';
import { telemetry } from './first';
import { keepOwnKeys } from './own-log';
import { type Address, addressOf, refusal, requireFree } from './port';
import { consoleLink, readyText } from './ready-text';
import { type DevTenant, devTenant } from './tenant';

/** What has to be closed, in the order it was opened; closed from the last to the first, also after half a start. */
class Opened {
  readonly #ends: (() => Promise<unknown>)[] = [];

  add<T>(part: T, end: (part: T) => Promise<unknown>): T {
    this.#ends.push(() => end(part));
    return part;
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/**
 * The control plane and a worker in this process, over one database: they share one engine, so a run is led where it was
 * started and nothing has to ring. Answers when it is ready, returns when the signal asked it to stop.
 */
export async function runDev(
  context: Context,
  given: { readonly host?: string; readonly port?: string },
): Promise<Result> {
  const began = performance.now();
  const address = addressOf(context.io.env, given);
  await requireFree(address);
  const opened = new Opened();
  opened.add(telemetry, (one) => one.shutdown());
  try {
    const own = opened.add(await database(context), (one) => one.close());
    if (context.signal.aborted) return { exit: 'interrupted' };
    const version = productVersion();
    const redisUrl = context.io.env['REDIS_URL'] ?? null;
    const worker = opened.add(
      await startWorker({ databaseUrl: own.url, redisUrl, env: context.io.env, build: version }),
      (one) => one.close(),
    );
    const tenant = await devTenant(worker.database, readLogin(context.io.env)?.api_key ?? null);
    const logKeys = await keepOwnKeys(context.io.env, worker.database, tenant.tenant);
    const url = await listen(opened, worker, { address, version });
    const login = writeLogin(context.io.env, { url, api_key: tenant.token, tenant: tenant.tenant });
    await context.print(
      ready({ url, version, own, tenant, logKeys, login, ms: Math.round(performance.now() - began) }),
    );
    if (!context.signal.aborted) await once(context.signal, 'abort');
    context.hint('Stopping: requests and steps under way finish first.');
    return {};
  } finally {
    await opened.close();
  }
}

async function database(context: Context): Promise<OwnDatabase> {
  const own = await ownDatabase(context.io.env, { create: true });
  try {
    await runMigrations(own.url);
    return own;
  } catch (error) {
    await own.close();
    throw error;
  }
}

/** The HTTP server over the worker's own engine. */
async function listen(
  opened: Opened,
  { engine, database: db }: RunningWorker,
  { address, version }: { readonly address: Address; readonly version: string },
): Promise<string> {
  const { authority, commands, queries, approvals, questions, live, triggers, batches } = engine;
  const app = opened.add(
    await createControlPlane({
      database: db,
      authority,
      commands,
      queries,
      approvals,
      questions,
      live,
      triggers,
      batches,
      version,
      authzenDrafts: readDrafts(process.env['WRIT_AUTHZEN_DRAFTS']),
    }),
    (one) => one.close(),
  );
  try {
    await app.listen(address.port, address.host);
  } catch (error) {
    throw await refusal(address, error as NodeJS.ErrnoException);
  }
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

interface Ready {
  readonly url: string;
  readonly version: string;
  readonly own: OwnDatabase;
  readonly tenant: DevTenant;
  readonly logKeys: readonly string[];
  /** File that keeps the key for the CLI. */
  readonly login: string;
  readonly ms: number;
}

function ready(facts: Ready) {
  const { url, version, own, tenant, logKeys, login, ms } = facts;
  const row = {
    url,
    version,
    tenant: tenant.tenant,
    // Shown once: whoever reads a log of later starts finds no key in it.
    api_key: tenant.fresh ? tenant.token : null,
    console: consoleLink(url, { apiKey: tenant.fresh ? tenant.token : null, logKeys }),
    login_file: login,
    database: own.place,
    database_started: own.started,
    ready_ms: ms,
    pid: process.pid,
  };
  return { kind: 'one', row, id: url, text: readyText(row) } as const;
}
