import { canonicalJson, newId, type RunId, type TenantId, type WorkerId } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import { type Database, insertMail } from '@writ/database';
import { removeBudget } from '@writ/policy';
import { logger } from '@writ/telemetry';
import type { RunCommandsApi } from '../api';
import type { CancelBody } from '../mail-bodies';
import type { WakeUp } from '../wake-up';
import {
  batchRow,
  claimBatch,
  countOpen,
  dueBatches,
  endBatch,
  itemStarted,
  type LedBatch,
  letGoOfBatch,
  nextItems,
  type PendingItem,
  runsToEnd,
  sharedBudgets,
} from './rows';

/** How often the batches of this process are looked after. */
const LOOK_MS = 250;
/** A batch that nobody looks after is found within this time while a worker lives. */
const FIND_MS = 1_000;
/** Batches that one process looks after at once. */
const AT_ONCE = 16;
/** Starts of one batch that are on their way together. */
const STARTS = 16;
const log = logger('batches');

interface Ways {
  readonly commands: Pick<RunCommandsApi, 'start'>;
  readonly wakeUp: WakeUp;
}

type Led = { readonly tenant: TenantId; readonly id: string };

/**
 * Starts the runs of batches, so many at once as each may have, in any number of processes: each batch is leased to one of
 * them by its row. Every look begins with what the rows say, so a process that dies takes nothing with it.
 * INVARIANT (I12): the run of an item carries the item's key, so an item started twice is one run.
 */
export class BatchPump {
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopping = false;
  /** When others were last looked for, by this process's own clock. */
  #foundAt = -Infinity;
  readonly #mine = new Map<string, Led>();

  constructor(
    private readonly db: Database,
    private readonly ways: Ways,
    private readonly worker: WorkerId,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.look()
        .catch((error: unknown) => log.warn({ error }, 'looking after batches failed; it is done again'))
        .finally(() => {
          this.#looking = null;
        });
    }, LOOK_MS);
  }

  /** Waits for the look under way, and leaves its batches to others at once. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping = true;
    await this.#looking;
    for (const { tenant, id } of this.#mine.values()) {
      await this.db
        .withTenant(tenant, (tx) => letGoOfBatch(tx, { tenant, id, worker: this.worker }))
        .catch((error: unknown) =>
          log.warn({ batch: id, error }, 'a batch could not be given back; its lease runs out'),
        );
    }
  }

  /** Looks after the batches this process has, and those that nobody has. */
  async look(): Promise<void> {
    const now = performance.now();
    if (this.#mine.size < AT_ONCE && now - this.#foundAt >= FIND_MS) {
      this.#foundAt = now;
      for (const due of await dueBatches(this.db, AT_ONCE - this.#mine.size)) this.#mine.set(due.id, due);
    }
    await Promise.all([...this.#mine.values()].map((batch) => this.#tend(batch)));
  }

  async #tend(batch: Led): Promise<void> {
    const { tenant, id } = batch;
    try {
      const led = await this.db.withTenant(tenant, (tx) => claimBatch(tx, { tenant, id, worker: this.worker }));
      if (!led || (await this.#forward(led))) this.#mine.delete(id);
    } catch (error) {
      this.#mine.delete(id);
      log.warn({ batch: id, error }, 'a batch could not be looked after; its lease runs out and another look follows');
    }
  }

  /** One step forward; true when it is over. */
  async #forward(batch: LedBatch): Promise<boolean> {
    const { tenant, id, status, concurrency } = batch;
    const { started, pending } = await this.db.withTenant(tenant, (tx) => countOpen(tx, { tenant, id }));
    if (status === 'cancelling') await this.#endRuns(batch);
    if (started + pending === 0) return this.#end(batch);
    if (status !== 'running' || this.#stopping) return false;
    const limit = Math.min(concurrency - started, pending);
    if (limit <= 0) return false;
    const items = await this.db.withTenant(tenant, (tx) => nextItems(tx, { tenant, id, limit }));
    for (let i = 0; i < items.length && !this.#stopping; i += STARTS) {
      const begun = await Promise.all(items.slice(i, i + STARTS).map((item) => this.#startItem(batch, item)));
      // Its tenant's line is full, say: the rest waits for the next look.
      if (begun.includes(false)) break;
    }
    return false;
  }

  /** False when it is to be tried again. */
  async #startItem(batch: LedBatch, { place, key, input }: PendingItem): Promise<boolean> {
    const { tenant, id, workflow, version, principal, start } = batch;
    const begun = await this.ways.commands.start({
      ...start,
      tenant,
      caller: { tenant, ...principal },
      workflow,
      version,
      input,
      batch: { id: batch.id, place, key },
      idempotencyKey: `${id} ${place}`,
    });
    if (!begun.ok && begun.failure.class === 'transient') return false;
    const run = begun.ok ? begun.value.run : null;
    const code = begun.ok ? null : begun.failure.code;
    const told = begun.ok ? undefined : begun.failure.details?.['decision_id'];
    const decision = typeof told === 'string' ? told : null;
    await this.db.withTenant(tenant, (tx) => itemStarted(tx, { tenant, id, place, run, code, decision }));
    return true;
  }

  /** Tells runs of a cancelled batch to end. Telling them twice is telling them once. */
  async #endRuns({ tenant, id }: LedBatch): Promise<void> {
    const body: CancelBody = { reason: 'its batch was cancelled' };
    const told = await this.db.withTenant(tenant, async (tx) => {
      const runs = await runsToEnd(tx, { tenant, id, limit: 500 });
      for (const run of runs) {
        const letter = {
          tenant,
          run,
          id: newId('mail'),
          kind: 'cancel',
          body: canonicalJson(body),
          dedup: 'cancel',
        } as const;
        await insertMail(tx, { ...letter, sender: id });
      }
      return runs;
    });
    await Promise.all(told.map((run: RunId) => this.ways.wakeUp.ring(tenant, run)));
  }

  async #end({ tenant, id, status }: LedBatch): Promise<boolean> {
    const as = status === 'cancelling' ? 'cancelled' : 'finished';
    return this.db.withTenant(tenant, async (tx) => {
      const budgets = await sharedBudgets(tx, tenant, id);
      for (const budget of budgets) {
        await removeBudget(tx, { tenant, id: budget, reason: 'its batch is over', author: this.worker });
      }
      if (!(await endBatch(tx, { tenant, id, worker: this.worker, status: as }))) return false;
      const batch = await batchRow(tx, tenant, id);
      await appendTenantEvent(tx, tenant, {
        type: 'batch.finished',
        object: { type: 'batch', id },
        outcome: as,
        detail: { workflow: batch?.workflow ?? '', counts: canonicalJson({ ...batch?.counts }) },
      });
      return true;
    });
  }
}
