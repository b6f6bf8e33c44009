import type { Client } from 'pg';
import { LogWatch } from '@writ/audit';
import { createTenant, type Database, type GroupCommit, openDatabase, openGroupCommit } from '@writ/database';
import { type Engine, type Faults, LocalWakeUp, openEngine, type WakeUp, type WorkerOptions } from '@writ/engine';
import type { ModelProvider, ToolTransport } from '@writ/gateways';
import { newId, type Principal, systemClock, type TenantId } from '@writ/kernel';
import { activatePolicy, type OpenPermit, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { freshDatabase } from './database';
import { clientInLine } from './in-line';

export interface ScenarioOptions {
  readonly documents: readonly unknown[];
  readonly policy: PolicyBundle;
  /** Absent: this process takes commands only, and runs are led elsewhere. */
  readonly doors?: (open: OpenPermit) => { readonly models: ModelProvider; readonly tools: ToolTransport };
  readonly wakeUp?: WakeUp;
  readonly options?: WorkerOptions;
  readonly snapshotEvery?: number;
  /** Places at which the engine may be held up, or fail. */
  readonly faults?: Faults;
  /** How long a run that is to end lets unrepeatable calls finish. */
  readonly patienceMs?: number;
  /** Mutating effects wait while the log is behind; by default they never do. */
  readonly watch?: ConstructorParameters<typeof LogWatch>[1];
  /** A database of the test's own; by default a fresh one on the shared cluster. */
  readonly ownerUrl?: string;
}

/** A database with one tenant, its policy and definitions, and an engine over it: what most scenarios begin with. */
export interface Scenario {
  readonly ownerUrl: string;
  readonly tenant: TenantId;
  readonly db: Database;
  readonly writer: GroupCommit;
  readonly engine: Engine;
  /** What mutating effects go by, where the scenario watches its log. */
  readonly log: LogWatch | null;
  /** Sees every tenant: for the checkers. */
  readonly outsider: Client;
  /** The outsider's connection anew, after the server went away. */
  reconnect(): Promise<Client>;
  readonly caller: Principal;
  activate(policy: PolicyBundle): Promise<void>;
  /**
   * An engine as another process has that takes commands only, begun when first asked for. Nobody hears its bell: what it
   * puts in a run's mail is found by a sweep, and read with a claim.
   */
  elsewhere(): Promise<Engine>;
  close(): Promise<void>;
}

const nowhere = (): never => {
  throw new Error('this process takes commands only: it has no doors');
};

/** Of a process that leads nothing. */
const closed = (): ReturnType<NonNullable<ScenarioOptions['doors']>> => ({
  models: { complete: nowhere },
  tools: { invoke: nowhere, close: () => Promise.resolve() },
});

export async function openScenario(options: ScenarioOptions): Promise<Scenario> {
  const fresh = options.ownerUrl === undefined ? await freshDatabase() : null;
  const ownerUrl = options.ownerUrl ?? fresh!.ownerUrl;
  const config = { url: ownerUrl, role: 'writer', allowUnsafeDurability: true } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: 'scenario' }));
  const activate = async (bundle: PolicyBundle): Promise<void> => {
    const done = await db.withTenant(tenant, (tx) => activatePolicy(tx, { tenant, bundle, author: 'user:author' }));
    if (!done.ok) throw new Error(`the scenario's policy does not stand: ${done.failure.message}`);
  };
  await activate(options.policy);
  const published = await db.withTenant(tenant, (tx) =>
    publish(tx, { tenant, author: 'user:author', documents: options.documents }),
  );
  if (!published.ok) throw new Error(`the scenario's documents do not stand: ${published.failure.message}`);
  const log = options.watch ? new LogWatch(db, options.watch) : null;
  await log?.start();
  const engine = openEngine({
    db,
    writer,
    ...(log && { log }),
    doors: options.doors ?? closed,
    leads: options.doors !== undefined,
    ...(options.wakeUp && { wakeUp: options.wakeUp }),
    ...(options.options && { options: options.options }),
    ...(options.faults && { faults: options.faults }),
    ...(options.snapshotEvery !== undefined && { snapshotEvery: options.snapshotEvery }),
    ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    build: 'scenario',
  });
  await engine.start();
  const outsiders: Client[] = [];
  const reconnect = async (): Promise<Client> => {
    const client = clientInLine(ownerUrl);
    client.on('error', () => undefined);
    await client.connect();
    outsiders.push(client);
    return client;
  };
  const outsider = await reconnect();
  let taking: Promise<Engine> | null = null;
  const elsewhere = (): Promise<Engine> =>
    (taking ??= (async () => {
      const other = openEngine({
        db,
        writer,
        doors: closed,
        leads: false,
        wakeUp: new LocalWakeUp(),
        build: 'scenario',
      });
      await other.start();
      return other;
    })());
  return {
    ownerUrl,
    tenant,
    db,
    writer,
    engine,
    log,
    outsider,
    reconnect,
    caller: { tenant, kind: 'user', id: 'user:caller', roles: [] },
    activate,
    elsewhere,
    async close() {
      await (await taking)?.close();
      await engine.close(5_000);
      await log?.stop();
      await Promise.all(outsiders.map((client) => client.end().catch(() => undefined)));
      await writer.close();
      await db.close();
      await fresh?.drop();
    },
  };
}
