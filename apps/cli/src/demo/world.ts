import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@writ/kernel';
import { WritClient } from '@writ/sdk';
import { type Entry, readLedger } from '../../../../examples/refund-desk/shop/ledger';
import { readConfig } from '../commands/config-files';
import { Child } from './child';
import { type Home, openHome } from './home';
import { SCRIPTS } from './scripts';
import type { Stage } from './stage';
import { openDemoTenant } from './tenant';

/** dist, whichever file of it this is. */
const DIST = join(__dirname, '..', '..', '..', '..');
const DESK = join(DIST, 'examples', 'refund-desk', 'desk');
const PROGRAMS = {
  plane: join(DIST, 'apps', 'control-plane', 'src', 'main.js'),
  worker: join(DIST, 'apps', 'worker', 'src', 'main.js'),
  model: join(DIST, 'libs', 'gateways', 'src', 'scripted', 'main.js'),
  shop: join(DIST, 'examples', 'refund-desk', 'shop', 'main.js'),
};

/** Everything the acts play with, running: the product as its own processes, and what it reaches. */
export interface World {
  readonly home: Home;
  readonly client: WritClient;
  readonly url: string;
  readonly apiKey: string;
  readonly tenant: string;
  /** Written down when the log began: its verifier key, and the file with its first checkpoint. */
  readonly kept: { readonly vkey: string; readonly checkpoint: string };
  readonly stage: Stage;
  readonly signal: AbortSignal;
  /** The one worker that leads runs; null while there is none. */
  worker: Child | null;
  startWorker(): Promise<Child>;
  /** The shop's own book: what really happened outside. */
  ledger(): Entry[];
  /** What the model was asked in a script: the number of each turn. */
  turnsAsked(script: string): Promise<number[]>;
  /** Starts a run of a customer's. */
  start(workflow: string, script: string, message: string): Promise<string>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly stage: Stage;
  readonly signal: AbortSignal;
  /** Folder to keep the data in. */
  readonly keep: string | undefined;
  /** Folder with another desk: definitions and a policy. */
  readonly desk: string | undefined;
}

const CUSTOMER = { id: 'user:ann', roles: ['customer'] } as const;

/** Opens all of it; on failure what was opened is closed again. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    return await build(options, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  { stage, signal, keep, desk }: WorldOptions,
  closing: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<World> {
  const started = performance.now();
  const took = (): string => stage.paint.dim(`${((performance.now() - started) / 1000).toFixed(1)} s`);
  const child = async (name: string, program: Parameters<typeof Child.start>[1]) => {
    const one = await Child.start(name, program);
    closing.push(() => one.child.stop());
    return one;
  };

  const home = await stage.while('a database of its own', openHome(keep));
  closing.push(() => home.close());
  stage.claim(true, `Postgres ${home.postgres} on data of its own  ${took()}`);

  const ledgerFile = join(home.folder, 'shop.ndjson');
  const plain = { PATH: process.env['PATH'] ?? '', HOME: home.folder };
  const outside = Promise.all([
    child('the model', { main: PROGRAMS.model, args: ['--tied'], env: plain, ready: /"url":"([^"]+)"/ }),
    child('the shop', { main: PROGRAMS.shop, args: [ledgerFile], env: plain, ready: /^(\{.*\})$/m }),
  ]);
  const [model, shop] = await stage.while('a shop, a bank, a scripted model', outside);
  await fetch(new URL('/__script', model.said), { method: 'POST', body: JSON.stringify(SCRIPTS) });
  const places = JSON.parse(shop.said) as { readonly mcp: string; readonly bank: string };
  stage.claim(true, `a shop (MCP), a bank (HTTP) and a scripted model, each a process  ${took()}`);

  const service = {
    ...plain,
    WRIT_HOME: home.folder,
    DATABASE_URL: home.databaseUrl,
    WRIT_LOG_LEVEL: 'info',
    WRIT_HOST: '127.0.0.1',
    WRIT_PORT: '0',
    OPENAI_BASE_URL: model.said,
    OPENAI_API_KEY: 'scripted',
    WRIT_EGRESS: `${places.bank};private`,
  };
  const startWorker = async (): Promise<Child> => {
    const { child: one } = await child('the worker', { main: PROGRAMS.worker, env: service, ready: /"leading"/ });
    return one;
  };
  const product = Promise.all([
    child('the control plane', { main: PROGRAMS.plane, env: service, ready: /"url":"(http:[^"]+)"/ }),
    startWorker(),
    openDemoTenant(home.databaseUrl),
  ]);
  const [plane, worker, { tenant, apiKey }] = await stage.while('the control plane and a worker', product);
  const url = plane.said;
  const client = new WritClient({ url, apiKey });
  stage.claim(
    (await client.system.ready({ signal })).status === 'ready',
    `the control plane at ${url}, and one worker  ${took()}`,
  );

  const page = await fetch(url, { signal });
  // A checkout whose console was not built serves the API alone, and says so there.
  const hasConsole = page.ok && (await page.text()).includes('<script');
  if (hasConsole) stage.say(`watch in the console: ${url}/#key=${apiKey}`);

  const config = await readConfig(desk ?? DESK);
  const documents = config.documents.map((document) => addressed(document, places));
  const { etag } = await client.policies.active({ signal });
  const policy = config.bundle === null ? {} : { policy: { bundle: config.bundle } };
  const applied = await client.config.apply({ documents, dry_run: false, ...policy }, { ifMatch: etag, signal });
  const kinds = (kind: string): number => applied.documents.filter((one) => one.kind === kind).length;
  stage.claim(
    kinds('agent') > 0 && applied.policy !== null,
    `tenant demo: ${kinds('agent')} agents, ${kinds('tool')} tools and a policy, published over the API  ${took()}`,
  );

  const kept = await stage.while('the log begins', writeDown(client, home, signal));
  stage.claim(true, `its log is signed; the key and the first checkpoint are kept outside of it  ${took()}`);

  const world: World = {
    ...{ kept, home, client, url, apiKey, tenant, stage, signal, worker, close },
    async startWorker() {
      const next = await startWorker();
      world.worker = next;
      return next;
    },
    ledger: () => readLedger(ledgerFile),
    async turnsAsked(script) {
      const journal = await fetch(new URL(`/__script/journal?script=${script}`, model.said));
      const { entries } = (await journal.json()) as { entries: readonly { readonly turn: number }[] };
      return entries.map(({ turn }) => turn);
    },
    async start(workflow, script, message) {
      const started = await client.runs.start(
        { workflow, input: { message, script }, on_behalf_of: CUSTOMER },
        { signal },
      );
      return started.id;
    },
  };
  return world;
}

/** What somebody who will not take our word for it would keep from the first day. */
async function writeDown(client: WritClient, home: Home, signal: AbortSignal): Promise<World['kept']> {
  for (;;) {
    const { keys, size } = await client.audit.log({ signal });
    const vkey = keys[0]?.vkey;
    if (vkey !== undefined && size > 0) {
      const checkpoint = join(home.folder, 'first-checkpoint.txt');
      writeFileSync(checkpoint, await client.audit.checkpoint({ signal }));
      return { vkey, checkpoint };
    }
    await sleep(100, undefined, { signal });
  }
}

/** A document with the addresses that the shop and its bank got. */
function addressed(document: JsonObject, places: { readonly mcp: string; readonly bank: string }): JsonObject {
  if (document['kind'] === 'mcp_server') return { ...document, transport: { type: 'http', url: places.mcp } };
  return document['kind'] === 'http_service' ? { ...document, origin: places.bank } : document;
}
