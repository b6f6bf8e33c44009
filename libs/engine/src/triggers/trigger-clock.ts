import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import type { TenantId, TriggerId, WorkerId } from '@writ/kernel';
import { logger } from '@writ/telemetry';
import type { FireTrigger } from './fire';
import { claimTrigger, dueTriggers, insertFiring, moveOn } from './rows';
import { dueTimes } from './schedule';
import type { Trigger } from './types';

/** A schedule is at most this late while a worker lives. */
const LOOK_MS = 1_000;
const AT_ONCE = 32;
const log = logger('triggers');

/**
 * Fires schedules, in any number of processes: each due schedule is leased to one of them by its row, by the database's
 * clock, and moves on in the transaction that records the firing. What a process leaves half done when it dies, the next
 * one goes on with when the lease has run out.
 */
export class TriggerClock {
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopping = false;

  constructor(
    private readonly db: Database,
    private readonly fire: FireTrigger,
    private readonly worker: WorkerId,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.look()
        .catch((error: unknown) => log.warn({ error }, 'looking for due triggers failed; it is done again'))
        .finally(() => {
          this.#looking = null;
        });
    }, LOOK_MS);
  }

  /** Waits for the firing under way; what is due besides is left to others. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stopping = true;
    await this.#looking;
  }

  /** Fires what is due now. */
  async look(): Promise<void> {
    for (const { tenant, id } of await dueTriggers(this.db, AT_ONCE)) {
      try {
        await this.#fireDue(tenant, id);
      } catch (error) {
        log.warn({ trigger: id, error }, 'a trigger could not be fired; its lease runs out and it is tried again');
      }
    }
  }

  async #fireDue(tenant: TenantId, id: TriggerId): Promise<void> {
    const { worker } = this;
    const claimed = await this.db.withTenant(tenant, (tx) => claimTrigger(tx, { tenant, id, worker }));
    if (!claimed) return;
    const { trigger, now } = claimed;
    const { schedule, nextAt } = trigger;
    if (!schedule || nextAt === null) return;
    const due = dueTimes(schedule, { due: nextAt, now });
    const move = (next: number | null, release: boolean) => (tx: Tx) =>
      moveOn(tx, { tenant, id, worker, nextAt: next, release });
    let leased = true;
    if (due.missed) {
      const after = due.fire[0] ?? due.next;
      leased = await this.db.withTenant(tenant, async (tx) => {
        await recordMissed(tx, { tenant, trigger, missed: due.missed! });
        return move(after, due.fire.length === 0)(tx);
      });
    }
    for (const [i, time] of due.fire.entries()) {
      if (!leased || this.#stopping) return;
      const key = new Date(time).toISOString();
      const next = due.fire[i + 1] ?? due.next;
      const then = async (tx: Tx): Promise<void> => {
        leased = await move(next, i === due.fire.length - 1)(tx);
      };
      const fired = await this.fire({ tenant, trigger, key, dueAt: time, says: { due_at: key }, then });
      if (!fired.ok && fired.failure.class === 'transient') return;
    }
  }
}

async function recordMissed(
  tx: Tx,
  what: {
    readonly tenant: TenantId;
    readonly trigger: Trigger;
    readonly missed: { readonly from: number; readonly to: number };
  },
): Promise<void> {
  const { tenant, trigger, missed } = what;
  const [from, to] = [new Date(missed.from).toISOString(), new Date(missed.to).toISOString()];
  const fresh = await insertFiring(tx, {
    tenant,
    trigger: trigger.id,
    key: `missed ${from}`,
    dueAt: missed.from,
    outcome: 'missed',
    run: null,
    code: trigger.schedule?.missed ?? null,
    decision: null,
  });
  if (!fresh) return;
  await appendTenantEvent(tx, tenant, {
    type: 'trigger.missed',
    actor: trigger.principal,
    object: { type: 'trigger', id: trigger.id },
    detail: { name: trigger.name, from, to, rule: trigger.schedule?.missed ?? '' },
  });
}
