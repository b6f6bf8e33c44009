import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { hashOf, mintKey } from '@writ/identity';
import type { RunId } from '@writ/kernel';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { createControlPlane } from '../../apps/control-plane/src';
import { type Desk, openDesk, policy } from '../scenarios/desk';
import { manyKinds } from '../scenarios/many-kinds';
import { until } from '../support/crash-world';
import { logHome, openSequencer, unsealedUnits } from '../support/log-world';

const BUILT = join(__dirname, '..', '..', 'dist', 'console');

/** The product as a browser meets it: runs of every kind, a log that is sealed, the server, and its built console. */
export interface World {
  readonly desk: Desk;
  readonly url: string;
  /** An administrator's API key. */
  readonly apiKey: string;
  /** The log's public key, as a terminal would vouch for it. */
  readonly logKey: string;
  readonly runs: { readonly [kind: string]: RunId };
  /** Address of a page that signs in by its fragment; with `vouched` it also brings the log's key. */
  link(path: string, vouched?: boolean): string;
  /** Waits until every recorded event is under a checkpoint. */
  sealed(): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  if (!existsSync(join(BUILT, 'index.html'))) throw new Error('the console is not built: run `npm run build`');
  const desk = await openDesk();
  const { db, engine, ownerUrl, outsider, tenant } = desk.scenario;
  const runs = await manyKinds(desk);
  await activateForPeople(desk);
  const home = logHome();
  const sealing = await openSequencer(ownerUrl, home);
  const sealed = (): Promise<void> =>
    until('every event to be sealed', async () => ((await unsealedUnits(outsider)) === 0 ? true : null)).then(
      () => undefined,
    );
  await sealed();
  const { authority, commands, queries, approvals, questions, live, triggers, batches } = engine;
  const app = await createControlPlane({
    database: db,
    authority,
    commands,
    queries,
    approvals,
    questions,
    live,
    triggers,
    batches,
    version: 'test',
  });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const apiKey = await administrator(desk);
  const logKey = await readLogKey(url, apiKey);
  return {
    desk,
    url,
    apiKey,
    logKey,
    runs,
    sealed,
    link: (path, vouched = false) =>
      `${url}${path}#key=${apiKey}${vouched ? `&log=${encodeURIComponent(logKey)}` : ''}`,
    close: async () => {
      await closeServer(app);
      await sealing.close();
      await desk.close();
      home.remove();
      void tenant;
    },
  };
}

const closeServer = (app: NestFastifyApplication): Promise<void> => app.close();

/** The desk's own rules, and the product's for people. */
async function activateForPeople(desk: Desk): Promise<void> {
  const product = await readBundle(policiesDirectory());
  const merged = product.ok ? mergeBundles(product.value, policy) : product;
  if (!merged.ok) throw new Error(merged.failure.message);
  await desk.scenario.activate(merged.value);
}

async function administrator(desk: Desk): Promise<string> {
  const { id, token } = mintKey();
  await desk.scenario.outsider.query(
    `insert into writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
     values ($1, $2, $3, 'test', 'user:root', 'user', $4, $5, 'test', now(), now() + interval '1 day')`,
    [desk.scenario.tenant, id, hashOf(token), ['administrator'], ['*']],
  );
  return token;
}

async function readLogKey(url: string, apiKey: string): Promise<string> {
  const answer = await fetch(`${url}/v1/audit/log`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { keys } = (await answer.json()) as { readonly keys: readonly { readonly vkey: string }[] };
  return keys.at(-1)!.vkey;
}
