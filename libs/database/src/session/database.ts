import { Client, type ClientBase } from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import type { Result, TenantId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import { type SecretBox, secretBoxOf } from '../secrets/secret-box';
import { connectionName } from './connection-name';
import { checkDurability, checkRole, refuseLogin } from './fitness';
import { fitsSchema, requireSchema } from './migrate';
import { type Role, roleUrl } from './roles';

export interface DatabaseConfig {
  /** The owner's address; a service's own follows from it (see `roleUrl`). */
  readonly url: string;
  readonly role: Role;
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** Test clusters only: accept a server that may lose acknowledged commits. */
  readonly allowUnsafeDurability?: boolean;
  /** How long a transaction may stand idle before the server ends it: what it holds is then free. Half a minute. */
  readonly idleInTransactionMs?: number;
}

/** One transaction, bound to tenants. */
export interface Tx {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
  readonly manager: EntityManager;
  readonly tenants: readonly (TenantId | '*')[];
}

/** READ COMMITTED unless named; in the other one, all of a transaction's statements see one moment. */
export type Isolation = 'REPEATABLE READ';

const RECONNECT_MS = 250;
const CONNECT_MS = 10_000;
const BRIEF_MS = 2_000;
const QUERY_CANCELED = '57014';
/**
 * Names resolve in our schema only. A process that stopped inside a transaction, perhaps one that holds the authority
 * lock and so every commit, gives up what it holds after half a minute.
 */
const sessionOf = ({ idleInTransactionMs = 30_000 }: DatabaseConfig): string =>
  `-c search_path=writ -c idle_in_transaction_session_timeout=${idleInTransactionMs}`;
/** As writ.tenant's ids are checked: a comma would make two tenants of one name in the setting. */
const TENANT = /^(?:[*]|[A-Za-z0-9_-]{1,64})$/;
const log = logger('database');

/** A pool of connections under one role. Every statement runs inside a transaction that names its tenants. */
export class Database {
  readonly #listeners = new Set<() => Promise<void>>();
  #secrets: SecretBox | null = null;

  constructor(
    private readonly source: DataSource,
    readonly config: DatabaseConfig,
  ) {}

  /** Encrypts and decrypts the secrets that are kept here. Throws `no_role_secret` where there is nothing to derive a key from. */
  get secrets(): SecretBox {
    return (this.#secrets ??= secretBoxOf(this.config.url));
  }

  /**
   * Runs `fn` in one transaction that sees these tenants' rows and no others. Commits when `fn` returns, rolls back when
   * it throws. INVARIANT (I11): the setting is local to the transaction, so a pooled connection never carries it on.
   */
  async withTenant<T>(
    tenants: TenantId | '*' | readonly (TenantId | '*')[],
    fn: (tx: Tx) => Promise<T>,
    isolation?: Isolation,
  ): Promise<T> {
    const list = typeof tenants === 'string' ? [tenants] : tenants;
    const odd = list.find((tenant) => !TENANT.test(tenant));
    if (odd !== undefined)
      throw new Error(`${JSON.stringify(odd)} is no tenant id: pass an id, or '*' for the platform`);
    const runner = this.source.createQueryRunner();
    const statements = new OneByOne(runner);
    await runner.connect();
    try {
      await runner.startTransaction(isolation);
      await runner.query(`SELECT set_config('writ.tenants', $1, true)`, [list.join(',')]);
      const result = await fn({ query: statements.query, manager: runner.manager, tenants: list });
      await statements.over();
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await statements.over();
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /**
   * Like `withTenant`, for questions of unforeseeable size: every statement is stopped after `BRIEF_MS`, and none is
   * compiled, which costs more than most of them take. Answers null when one was stopped.
   */
  async briefly<T>(tenant: TenantId, fn: (tx: Tx) => Promise<T>): Promise<T | null> {
    try {
      return await this.withTenant(tenant, async (tx) => {
        await tx.query(`SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true)`, [
          String(BRIEF_MS),
        ]);
        return fn(tx);
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === QUERY_CANCELED) return null;
      throw error;
    }
  }

  platform<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.withTenant('*', fn);
  }

  /**
   * Calls a function of the schema that names its tenant itself, as a transaction of its own: one round trip in place of
   * four, and prepared once a connection. INVARIANT (I11): such a function sets `writ.tenants` from its first argument before it reads anything, or is one
   * of the few doors that look over all tenants and answer no more than their name says.
   */
  async call<R>(name: string, values: readonly unknown[]): Promise<R[]> {
    if (!/^[a-z_]+$/.test(name)) throw new Error(`${JSON.stringify(name)} is no function of the schema`);
    const places = values.map((_, i) => `$${i + 1}`).join(', ');
    const runner = this.source.createQueryRunner();
    const client = (await runner.connect()) as ClientBase;
    try {
      const text = `SELECT * FROM writ.${name}(${places})`;
      return (await client.query({ name: `${name} of ${values.length}`, text, values: [...values] })).rows as R[];
    } finally {
      await runner.release();
    }
  }

  async ping(): Promise<void> {
    await this.source.query('SELECT 1');
  }

  /**
   * Hears a NOTIFY channel on a connection of its own, opened again whenever it breaks. What is said meanwhile is lost:
   * a listener must also poll. Resolves once listening; the result stops it.
   */
  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    let stopped = false;
    let current: Client | null = null;
    let timer: NodeJS.Timeout | undefined;
    const open = async (): Promise<void> => {
      const client = new Client({
        connectionString: roleUrl(this.config.url, this.config.role),
        application_name: connectionName(`${nameOf(this.config)} listening`),
        connectionTimeoutMillis: CONNECT_MS,
        // The only sign of a peer that vanished without a word: this connection sends nothing by itself.
        keepAlive: true,
      });
      current = client;
      client.on('notification', (note) => heard(note.payload ?? ''));
      client.on('error', () => undefined);
      client.on('end', () => again(client));
      try {
        await client.connect();
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      } catch (error) {
        await client.end().catch(() => undefined);
        throw error;
      }
    };
    const again = (lost: Client): void => {
      if (stopped || current !== lost || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        open().catch((error: Error) => {
          log.warn({ channel, error: error.message }, 'not listening; trying again');
          if (current) again(current);
        });
      }, RECONNECT_MS).unref();
    };
    const stop = async (): Promise<void> => {
      stopped = true;
      clearTimeout(timer);
      this.#listeners.delete(stop);
      await current?.end().catch(() => undefined);
    };
    try {
      await open();
    } catch (error) {
      await stop();
      throw error;
    }
    this.#listeners.add(stop);
    return stop;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#listeners].map((stop) => stop()));
    await this.source.destroy();
  }
}

/** One connection runs one statement at a time: those that are asked for together go one after another. */
class OneByOne {
  #before: Promise<unknown> = Promise.resolve();

  constructor(private readonly runner: QueryRunner) {}

  readonly query = <R>(text: string, values: readonly unknown[] = []): Promise<R[]> => {
    const send = async () => ((await this.runner.query(text, [...values], true)) as { records: R[] }).records;
    const sent = this.#before.then(send);
    this.#before = sent.catch(() => undefined);
    return sent;
  };

  /** Also what nobody waited for: the end of the transaction comes after it. */
  async over(): Promise<void> {
    for (let before = null; before !== this.#before;) await (before = this.#before);
  }
}

const nameOf = (config: DatabaseConfig): string => config.applicationName ?? `writ ${config.role}`;

/** Whether the schema still fits: readiness asks again while the program runs. */
export const checkSchema = (db: Database): Promise<Result<number>> =>
  db.platform((tx) => fitsSchema({ query: async (text) => ({ rows: await tx.query<unknown>(text) }) }));

/** Connects, and refuses a schema or a server this program must not work on. */
export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  const source = new DataSource({
    type: 'postgres',
    url: roleUrl(config.url, config.role),
    schema: 'writ',
    poolSize: config.poolSize ?? 8,
    applicationName: connectionName(nameOf(config)),
    poolErrorHandler: (error: unknown) => log.warn({ error: String(error) }, 'an idle connection was lost'),
    extra: { connectionTimeoutMillis: CONNECT_MS, options: sessionOf(config) },
  });
  await source.initialize().catch((error: unknown) => refuseLogin(error, config.role));
  try {
    const asked = { query: async (text: string) => ({ rows: (await source.query(text)) as unknown[] }) };
    await requireSchema(asked);
    if (config.role !== 'owner') await checkRole(asked);
    if (config.allowUnsafeDurability !== true) await checkDurability(asked);
  } catch (error) {
    await source.destroy();
    throw error;
  }
  return new Database(source, config);
}
