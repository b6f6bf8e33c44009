import type { Database } from '@writ/database';
import { digestOf, type Failure, refuse, type Result, type TenantId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import type { TenantAuthority } from './authority';
import { readAuthority, type AuthorityRead, readEpochs } from './authority-read';
import { parseStored, policyFailure } from './bundle';
import { MatcherChecker } from './direct/matcher-checker';
import { recordDisagreement } from './direct/record-disagreement';
import { acknowledgeStops, type Instance } from './stop-acks';
import { SnapshotShelf } from './snapshot-shelf';
import { buildSnapshot, type Snapshot } from './snapshot';

export interface AuthorityStoreOptions {
  /** Milliseconds between two looks at the epochs, for notifications that never came. */
  readonly pollMs?: number;
  /** Told of each policy in force that could not be built here. */
  readonly report?: (tenant: TenantId, failure: Failure) => void;
  /** Who applies what is read here; stops are acknowledged in its name. Absent: nobody asks this process. */
  readonly instance?: Instance;
  /** The built file of the thread that holds matchers against Casbin, where it is not beside this one. */
  readonly thread?: string;
}

/** The channel that whatever raises an authority epoch notifies; the payload is the tenant, or `*`. */
const AUTHORITY_CHANNEL = 'writ_authority';

/**
 * The authority of every tenant this process works for, kept current by notification and by a poll. What it hands out
 * may be a moment old: the commit is the fence (I3), so being late costs a second decision, never a wrong effect.
 */
export class AuthorityStore {
  readonly #held = new Map<TenantId, TenantAuthority>();
  readonly #loading = new Map<TenantId, Loading>();
  readonly #shelf = new SnapshotShelf();
  readonly #checker: MatcherChecker;
  readonly #pollMs: number;
  readonly #report: (tenant: TenantId, failure: Failure) => void;
  readonly #instance: Instance | null;
  readonly #listeners = new Set<(tenant: TenantId | '*') => void>();
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> = Promise.resolve();
  #unlisten: (() => Promise<void>) | null = null;
  #stopped = false;

  constructor(
    private readonly db: Database,
    options: AuthorityStoreOptions = {},
  ) {
    this.#pollMs = options.pollMs ?? 1_000;
    this.#report = options.report ?? reportToLog;
    this.#instance = options.instance ?? null;
    this.#checker = new MatcherChecker({
      ...(options.thread !== undefined && { thread: options.thread }),
      onDisagreement: (disagreement) => {
        const tenants = [...this.#held.values()].filter(({ snapshot }) => snapshot?.body === disagreement.body);
        this.#inBackground(recordDisagreement(this.db, tenants, disagreement));
      },
    });
  }

  /** What is held now, without asking the database. */
  current(tenant: TenantId): TenantAuthority | undefined {
    return this.#held.get(tenant);
  }

  async get(tenant: TenantId): Promise<TenantAuthority> {
    return this.#held.get(tenant) ?? this.refresh(tenant);
  }

  /**
   * Reads anew. A read under way is not enough: it may have looked before the change the caller knows of. All who ask
   * while one is under way share the one after it.
   */
  refresh(tenant: TenantId): Promise<TenantAuthority> {
    const loading = this.#loading.get(tenant);
    if (loading) return (loading.next ??= loading.now.then(noop, noop).then(() => this.refresh(tenant)));
    const now = this.#load(tenant).finally(() => this.#loading.delete(tenant));
    this.#loading.set(tenant, { now, next: null });
    return now;
  }

  /**
   * The authority in force when it is another one than `held`; null when `held` still is. What is allowed meets the fence
   * of its commit; a refusal commits nothing, so whoever refuses asks here first, or tells somebody of a rule that is gone.
   */
  async newerThan(held: TenantAuthority): Promise<TenantAuthority | null> {
    const now = await this.refresh(held.tenant);
    const same = now.epochs.tenant === held.epochs.tenant && now.epochs.platform === held.epochs.platform;
    return same ? null : now;
  }

  /** Told of every change that is heard of, once it is held here. Answers what ends the telling. */
  onChange(listener: (tenant: TenantId | '*') => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#unlisten = await this.db.listen(AUTHORITY_CHANNEL, (payload) => this.#notified(payload));
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#unlisten?.();
    this.#unlisten = null;
    await this.#polling;
    await this.#checker.close();
    await Promise.allSettled([...this.#loading.values()].map(({ now, next }) => next ?? now));
  }

  #notified(payload: string): void {
    const tenants = payload === '*' ? [...this.#held.keys()] : [payload as TenantId];
    const held = tenants.filter((tenant) => this.#held.has(tenant));
    this.#inBackground(
      Promise.all(held.map((tenant) => this.refresh(tenant))).then(() => this.#applied(payload as TenantId | '*')),
    );
  }

  async #applied(tenant: TenantId | '*'): Promise<void> {
    if (this.#stopped) return;
    for (const listener of this.#listeners) listener(tenant);
    if (this.#instance) await acknowledgeStops(this.db, tenant, this.#instance);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll().finally(() => this.#schedule());
    }, this.#pollMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const tenants = [...this.#held.keys()];
    if (tenants.length === 0) return;
    try {
      const epochs = await this.db.withTenant(tenants, (tx) => readEpochs(tx, tenants));
      for (const [tenant, { epochs: held }] of this.#held) {
        const moved = epochs.get(tenant) !== held.tenant || epochs.get('*') !== held.platform;
        if (moved && epochs.has(tenant)) this.#inBackground(this.refresh(tenant).then(() => this.#applied(tenant)));
      }
    } catch (error) {
      logger('policy').warn({ error: (error as Error).message }, 'the authority epochs could not be read');
    }
  }

  // A failed read changes nothing: what is held stays, and the fence refuses what is out of date.
  #inBackground(refreshing: Promise<unknown>): void {
    refreshing.catch((error: Error) => {
      logger('policy').warn({ error: error.message }, 'an authority could not be read again');
    });
  }

  async #load(tenant: TenantId): Promise<TenantAuthority> {
    const held = this.#held.get(tenant);
    const known = held && !held.failure ? (held.snapshot?.digest ?? null) : null;
    const read = await this.db.withTenant(tenant, (tx) => readAuthority(tx, tenant, known));
    if (!read) return unknownTenant(tenant);
    const authority = Object.freeze(await this.#assemble(tenant, read));
    authority.snapshot?.matching.watch(this.#checker);
    this.#held.set(tenant, authority);
    return authority;
  }

  async #assemble(tenant: TenantId, read: AuthorityRead): Promise<TenantAuthority> {
    const { epochs, stops, budgets, revoked, digest, body } = read;
    const limits = { ...(budgets.length > 0 && { budgets }), ...(revoked.length > 0 && { revoked: new Set(revoked) }) };
    const base = { tenant, stops, epochs, ...limits };
    if (digest === null) return { ...base, snapshot: null };
    const held = this.#held.get(tenant)?.snapshot ?? null;
    if (body === null && held?.digest === digest) return { ...base, snapshot: held };
    const built = await this.#shelf.take(digest, () => buildStored(digest, body));
    if (built.ok) return { ...base, snapshot: built.value };
    // INVARIANT: the old snapshot stays for reading, and allows nothing more: the change it missed may be a revocation.
    this.#report(tenant, built.failure);
    return { ...base, snapshot: held, failure: built.failure };
  }
}

interface Loading {
  readonly now: Promise<TenantAuthority>;
  next: Promise<TenantAuthority> | null;
}

const noop = (): void => undefined;

const unknownTenant = (tenant: TenantId): TenantAuthority =>
  Object.freeze({
    tenant,
    snapshot: null,
    stops: Object.freeze([]),
    epochs: Object.freeze({ tenant: 0, platform: 0 }),
  });

/** Builds the stored text of a policy: only if it is, byte for byte, what its digest names. */
async function buildStored(digest: string, body: string | null): Promise<Result<Snapshot>> {
  if (body === null || digestOf(body) !== digest) {
    return refuse(policyFailure('bundle_corrupt', `The stored policy ${digest} is missing or is not what it was.`));
  }
  const bundle = parseStored(body);
  return bundle.ok ? buildSnapshot(bundle.value) : bundle;
}

function reportToLog(tenant: TenantId, failure: Failure): void {
  const { code, message } = failure;
  logger('policy').error({ tenant, code, failure: message }, 'a policy in force could not be built; all is denied');
}
