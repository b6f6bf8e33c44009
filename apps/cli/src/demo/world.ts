import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@writ/kernel';
import { WritClient } from '@writ/sdk';
import { type Entry, readLedger } from '../../../../examples/refund-desk/shop/ledger';
import { readConfig } from '../commands/config-files';
import { Child, type Program } from './child';
import { type Home, openFolder, openHome } from './home';
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
  const start: StartChild = async (name, program) => {
    const one = await Child.start(name, program);
    closing.push(() => one.child.stop());
    return one;
  };
  try {
    const { stage, keep } = options;
    const folder = openFolder(keep);
    if (keep === undefined) closing.push(() => rm(folder, { recursive: true, force: true }));
    const outside = openOutside(start, folder);
    // Whatever becomes of it, it is waited for below.
    outside.catch(() => undefined);
    const home = await stage.while('a database of its own', openHome(folder, keep !== undefined));
    // Closed after everything that uses it, of which some was started before it.
    closing.splice(keep === undefined ? 1 : 0, 0, () => home.close());
    stage.claim(true, `Postgres ${home.postgres} on data of its own`);
    const out = await stage.while('a shop, a bank, a scripted model', outside);
    stage.claim(true, 'a shop (MCP), a bank (HTTP) and a scripted model, each a process');
    return await build(options, { home, out, start, close });
  } catch (error) {
    await close();
    throw error;
  }
}

type StartChild = (name: string, program: Program) => ReturnType<typeof Child.start>;

/** What the desk reaches: the model, the shop and the bank. */
interface Outside {
  readonly modelUrl: string;
  readonly mcp: string;
  readonly bank: string;
  readonly ledgerFile: string;
}

async function openOutside(start: StartChild, folder: string): Promise<Outside> {
  const ledgerFile = join(folder, 'shop.ndjson');
  const env = plainEnvironment(folder);
  const [model, shop] = await Promise.all([
    start('the model', { main: PROGRAMS.model, args: ['--tied'], env, ready: /"url":"([^"]+)"/ }),
    start('the shop', { main: PROGRAMS.shop, args: [ledgerFile], env, ready: /^(\{.*\})$/m }),
  ]);
  await fetch(new URL('/__script', model.said), { method: 'POST', body: JSON.stringify(SCRIPTS) });
  const { mcp, bank } = JSON.parse(shop.said) as { readonly mcp: string; readonly bank: string };
  return { modelUrl: model.said, mcp, bank, ledgerFile };
}

const plainEnvironment = (folder: string) => ({ PATH: process.env['PATH'] ?? '', HOME: folder });

interface Parts {
  readonly home: Home;
  readonly out: Outside;
  readonly start: StartChild;
  readonly close: () => Promise<void>;
}

async function build({ stage, signal, desk }: WorldOptions, { home, out, start, close }: Parts): Promise<World> {
  const service = {
    ...plainEnvironment(home.folder),
    WRIT_HOME: home.folder,
    DATABASE_URL: home.databaseUrl,
    WRIT_LOG_LEVEL: 'info',
    WRIT_HOST: '127.0.0.1',
    WRIT_PORT: '0',
    OPENAI_BASE_URL: out.modelUrl,
    OPENAI_API_KEY: 'scripted',
    WRIT_EGRESS: `${out.bank};private`,
  };
  const startWorker = async (): Promise<Child> =>
    (await start('the worker', { main: PROGRAMS.worker, env: service, ready: /"leading"/ })).child;
  const product = Promise.all([
    start('the control plane', { main: PROGRAMS.plane, env: service, ready: /"url":"(http:[^"]+)"/ }),
    startWorker(),
    openDemoTenant(home.databaseUrl),
  ]);
  const [plane, worker, { tenant, apiKey }] = await stage.while('the control plane and a worker', product);
  const url = plane.said;
  const client = new WritClient({ url, apiKey });
  const { status } = await client.system.ready({ signal });
  stage.claim(status === 'ready', `the control plane at ${url}, and one worker`);
  if (await hasConsole(url, signal)) stage.say(`watch in the console: ${url}/#key=${apiKey}`);
  await publish(client, { stage, signal, desk: desk ?? DESK, out });
  const kept = await stage.while('the log begins', writeDown(client, home, signal));
  stage.claim(true, 'its log is signed; the key and the first checkpoint are kept outside of it');

  const world: World = {
    ...{ kept, home, client, url, apiKey, tenant, stage, signal, worker, close },
    async startWorker() {
      const next = await startWorker();
      world.worker = next;
      return next;
    },
    ledger: () => readLedger(out.ledgerFile),
    async turnsAsked(script) {
      const journal = await fetch(new URL(`/__script/journal?script=${script}`, out.modelUrl));
      const { entries } = (await journal.json()) as { entries: readonly { readonly turn: number }[] };
      return entries.map(({ turn }) => turn);
    },
    async start(workflow, script, message) {
      const body = { workflow, input: { message, script }, on_behalf_of: CUSTOMER };
      return (await client.runs.start(body, { signal })).id;
    },
  };
  return world;
}

/** A checkout whose console was not built serves the API alone, and says so there. */
async function hasConsole(url: string, signal: AbortSignal): Promise<boolean> {
  const page = await fetch(url, { signal, headers: { accept: 'text/html' } });
  return page.ok && (await page.text()).includes('<script');
}

interface Publishing {
  readonly stage: Stage;
  readonly signal: AbortSignal;
  readonly desk: string;
  readonly out: Outside;
}

async function publish(client: WritClient, { stage, signal, desk, out }: Publishing): Promise<void> {
  const config = await readConfig(desk);
  const documents = config.documents.map((document) => addressed(document, out));
  const { etag } = await client.policies.active({ signal });
  const policy = config.bundle === null ? {} : { policy: { bundle: config.bundle } };
  const applied = await client.config.apply({ documents, dry_run: false, ...policy }, { ifMatch: etag, signal });
  const kinds = (kind: string): number => applied.documents.filter((one) => one.kind === kind).length;
  stage.claim(
    kinds('agent') > 0 && applied.policy !== null,
    `tenant demo: ${kinds('agent')} agents, ${kinds('tool')} tools and a policy, published over the API`,
  );
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
function addressed(document: JsonObject, { mcp, bank }: Outside): JsonObject {
  if (document['kind'] === 'mcp_server') return { ...document, transport: { type: 'http', url: mcp } };
  return document['kind'] === 'http_service' ? { ...document, origin: bank } : document;
}
