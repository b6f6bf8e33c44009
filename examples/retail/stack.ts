import { Pool } from 'pg';
import { createTenant, type Database, type GroupCommit, openDatabase, openGroupCommit } from '@writ/database';
import { type Engine, openEngine } from '@writ/engine';
import { type ScriptedModel, startScriptedModel } from '@writ/gateways';
import { newId, type Principal, systemClock, type TenantId } from '@writ/kernel';
import { activatePolicy, parseBundle } from '@writ/policy';
import { type Definition, publish } from '@writ/registry';
import { type Child, program, startChild } from './child';
import { Closing } from './closing';
import type { Dataset } from './dataset';
import { retailDefinitions, retailPolicy } from './house';
import { type RunningShop, startShop } from './shop-process';
import { ShopState } from './shop-state';

export interface StackOptions {
  readonly dataset: Dataset;
  /** The product's database, migrated; its owner's address. */
  readonly ownerUrl: string;
  /** The shop's own database; the product's with a schema of its own when there is no other. */
  readonly shopUrl?: string;
  /** Accept a database that does not flush to disk, as test clusters do not. */
  readonly unsafeDurability?: boolean;
  /** Milliseconds between a call's commit in the shop and its answer: the window in which an answer can be lost. */
  readonly holdMs?: number;
  /** Another policy than the example's. */
  readonly policy?: string;
}

/** Everything a governed conversation needs, running: shop, model, workers, and an engine that takes commands only. */
export interface Stack {
  readonly tenant: TenantId;
  /** Who opens conversations: the shop's site, on behalf of the customer it has signed in. */
  readonly storefront: Principal;
  readonly definitions: readonly Definition[];
  readonly engine: Engine;
  readonly model: ScriptedModel;
  readonly shop: RunningShop;
  readonly state: ShopState;
  /** Sees every tenant: for the checkers. */
  readonly outsider: Pool;
  readonly workers: Child[];
  addWorker(): Promise<Child>;
  close(): Promise<void>;
}

const AUTHOR = 'user:retail-administrator';

export async function openStack(options: StackOptions): Promise<Stack> {
  const closing = new Closing();
  try {
    return await open(options, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function open(options: StackOptions, closing: Closing): Promise<Stack> {
  const { dataset, ownerUrl } = options;
  const shopUrl = options.shopUrl ?? ownerUrl;
  const config = { url: ownerUrl, role: 'writer', allowUnsafeDurability: options.unsafeDurability ?? false } as const;
  const db = closing.add(await openDatabase(config), (one: Database) => one.close());
  const writer = closing.add(await openGroupCommit(config, { clock: systemClock }), (one: GroupCommit) => one.close());
  const holdMs = options.holdMs ?? 0;
  const shop = closing.add(await startShop({ databaseUrl: shopUrl, data: dataset.folder, holdMs }), (one) =>
    one.stop(),
  );
  const state = closing.add(new ShopState(shopUrl), (one) => one.close());
  const model = closing.add(await startScriptedModel({ journal: 0 }), (one) => one.close());
  const definitions = retailDefinitions(dataset, shop.url);
  const tenant = await openTenant(db, definitions, options.policy ?? retailPolicy());
  const engine = closing.add(openEngine({ db, writer, doors: noDoors, leads: false, build: 'retail-example' }), (one) =>
    one.close(),
  );
  await engine.start();
  const outsider = closing.add(new Pool({ connectionString: ownerUrl, max: 4 }), (one) => one.end());
  outsider.on('error', () => undefined);
  const workers: Child[] = [];
  closing.add(workers, (all) => Promise.all(all.map((one) => one.stop())));
  const addWorker = async (): Promise<Child> => {
    const worker = await startChild(program('worker.js'), {
      PATH: process.env['PATH'] ?? '',
      WRIT_LOG_LEVEL: process.env['WRIT_LOG_LEVEL'] ?? 'warn',
      ...secrets(),
      WRIT_OWNER_URL: ownerUrl,
      WRIT_UNSAFE: options.unsafeDurability ? '1' : '0',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'scripted',
    });
    workers.push(worker);
    return worker;
  };
  const storefront: Principal = { tenant, kind: 'service', id: 'service:storefront', roles: [] };
  return {
    ...{ tenant, storefront, definitions, engine, model, shop, state, outsider, workers, addWorker },
    close: () => closing.run(),
  };
}

/** What a worker derives its database password from, when the address carries none. */
const secrets = (): { [name: string]: string } => {
  const secret = process.env['WRIT_SECRET'];
  return secret === undefined ? {} : { WRIT_SECRET: secret };
};

const nowhere = (): never => {
  throw new Error('this process takes commands only: it has no doors');
};
const noDoors = () => ({ models: { complete: nowhere }, tools: { invoke: nowhere, close: () => Promise.resolve() } });

/** A tenant of its own for each run of this program, with the policy in force and the documents published. */
async function openTenant(db: Database, definitions: readonly Definition[], policy: string): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: 'retail' }));
  const bundle = parseBundle(policy);
  if (!bundle.ok) throw new Error(`policy.yaml: ${bundle.failure.message}`);
  const active = await db.withTenant(tenant, (tx) =>
    activatePolicy(tx, { tenant, bundle: bundle.value, author: AUTHOR }),
  );
  if (!active.ok) throw new Error(`policy.yaml: ${active.failure.message}`);
  const published = await db.withTenant(tenant, (tx) =>
    publish(tx, { tenant, author: AUTHOR, documents: definitions }),
  );
  if (!published.ok) throw new Error(`documents: ${published.failure.message}`);
  return tenant;
}
