import type { Failure, TenantId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import type { Lease } from './lease';
import { refuseToSign, signAgain } from './log-rows';
import { logOrigin } from './origin';
import type { OutsideCheckpoints } from './outside';
import { checkOutside } from './outside-check';
import { NotChecked, type RoundParts, Rounds, type Sealed, TreeBroken } from './round';

const log = logger('audit.log');

interface OddLog {
  readonly tenant: TenantId | '*';
  readonly state: 'open' | 'refusing';
  readonly rescan: boolean;
}

export interface LeadershipParts extends RoundParts {
  readonly outside: OutsideCheckpoints;
}

/** What the holder of the lease does while it holds it. Everything known of the logs is forgotten with it. */
export class Leadership {
  readonly #rounds: Rounds;
  /** Logs being sealed anew. */
  #rescans: (TenantId | '*')[] = [];

  constructor(
    private readonly parts: LeadershipParts,
    lease: Lease,
  ) {
    this.#rounds = new Rounds(parts, lease);
  }

  /** Holds the logs that have a checkpoint outside against it, before anything is signed. */
  async begin(): Promise<void> {
    for (const tenant of this.parts.outside.tenants()) await this.#check(tenant);
    await this.watch();
  }

  /** Whether there is anything to seal. `at`: as of when there was not. */
  async look(): Promise<{ readonly work: boolean; readonly at: Date | null }> {
    const [row] = await this.parts.db.platform((tx) =>
      tx.query<{ since: Date | null; at: Date }>(`SELECT writ.log_waits_since() AS since, now() AS at`),
    );
    const waits = row!.since !== null;
    return { work: waits || this.#rescans.length > 0, at: waits ? null : row!.at };
  }

  /** Looks after logs out of the ordinary: whether a reason to refuse is gone, and which are to be sealed anew. */
  async watch(): Promise<void> {
    const odd = await this.parts.db.platform((tx) => tx.query<OddLog>(`SELECT * FROM writ.find_odd_logs()`));
    for (const { tenant, state } of odd) if (state === 'refusing') await this.#check(tenant);
    this.#rescans = odd.filter((one) => one.rescan && one.state === 'open').map(({ tenant }) => tenant);
  }

  async round(): Promise<void> {
    const [tenant] = this.#rescans;
    try {
      await this.#keepOutside(await this.#rounds.seal());
      if (tenant !== undefined) await this.#keepOutside(await this.#rounds.rescan(tenant));
    } catch (error) {
      if (error instanceof NotChecked) {
        // Checked or refused, none of them stops the round a second time.
        for (const stranger of error.tenants) await this.#check(stranger);
        return this.round();
      }
      if (error instanceof TreeBroken) return this.#refuse(error.log.tenant, broken(error));
      throw error;
    }
    if (tenant !== undefined) await this.watch();
  }

  async #keepOutside(sealed: readonly Sealed[]): Promise<void> {
    for (const { tenant, note } of sealed) this.parts.outside.put(tenant, note);
    await this.parts.faults.at('kept');
  }

  async #check(tenant: TenantId | '*'): Promise<void> {
    const { db, outside } = this.parts;
    const checked = await db.withTenant([tenant, '*'], (tx) => checkOutside(tx, tenant, outside));
    this.#rounds.checked.delete(tenant);
    if (!checked.ok) return this.#refuse(tenant, checked.failure);
    const again = await db.withTenant([tenant, '*'], (tx) => signAgain(tx, tenant));
    if (again) log.info({ tenant }, 'the log is signed again');
    this.#rounds.checked.add(tenant);
  }

  async #refuse(tenant: TenantId | '*', why: Failure): Promise<void> {
    const news = await this.parts.db.withTenant([tenant, '*'], (tx) => refuseToSign(tx, tenant, why));
    if (news) log.error({ tenant, ...why }, 'the log is not signed');
  }
}

const broken = ({ log: name, checkpoint }: TreeBroken): Failure => ({
  code: 'log_rewritten',
  class: 'permanent',
  message: `The hashes kept for ${logOrigin(name)} do not make the root of its newest checkpoint (${checkpoint?.size ?? 0} events).`,
  next: 'Somebody with the owner’s rights changed the database. Keep it as it is, find out who, then `writ audit recover`.',
});
