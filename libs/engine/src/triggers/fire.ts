import { type Json, ok, type Principal, refuse, type Result, type TenantId } from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import { resolveTemplate } from '@writ/registry';
import type { RunCommandsApi } from '../api';
import { insertFiring } from './rows';
import type { Received, Trigger } from './types';

export interface ToFire {
  readonly tenant: TenantId;
  readonly trigger: Trigger;
  /** The time it is due, or the sender's id of the message. */
  readonly key: string;
  /** Epoch milliseconds. */
  readonly dueAt: number | null;
  /** What the firing knows of itself, beside the trigger's name. */
  readonly says: { readonly [name: string]: Json };
  /** Done in the transaction that records the firing. */
  readonly then?: (tx: Tx) => Promise<unknown>;
}

export type FireTrigger = (firing: ToFire) => Promise<Result<Received>>;

/**
 * Fires a trigger: starts its run under its own principal, then records what came of it.
 * INVARIANT (I12): the run carries the firing's key, so a firing seen by many processes, or again after a crash between
 * start and record, is one run. A refusal that may pass (`transient`) is not recorded: the firing is tried again.
 */
export const fireTrigger =
  (db: Database, commands: Pick<RunCommandsApi, 'start'>): FireTrigger =>
  async (firing) => {
    const { tenant, trigger, key } = firing;
    const { start } = trigger;
    const scope = { input: { trigger: trigger.name, ...firing.says }, steps: {} };
    const input = resolveTemplate(start.input, scope);
    const caller: Principal = { tenant, kind: 'service', id: trigger.principal, roles: trigger.roles };
    const started = input.ok
      ? await commands.start({
          tenant,
          caller,
          workflow: start.workflow,
          input: input.value,
          idempotencyKey: `${trigger.id} ${key}`,
          ...(start.version !== undefined && { version: start.version }),
          ...(start.budget && { budget: start.budget }),
          ...(start.deadlineMs !== undefined && { deadlineMs: start.deadlineMs }),
        })
      : input;
    if (!started.ok && started.failure.class === 'transient') return started;
    await db.withTenant(tenant, (tx) => record(tx, firing, started));
    return started.ok ? ok(started.value) : refuse(started.failure);
  };

async function record(tx: Tx, firing: ToFire, started: Result<Received>): Promise<void> {
  const { tenant, trigger, key, dueAt } = firing;
  const decision = started.ok ? null : (started.failure.details?.['decision_id'] ?? null);
  const fresh = await insertFiring(tx, {
    tenant,
    trigger: trigger.id,
    key,
    dueAt,
    outcome: started.ok ? 'started' : 'refused',
    run: started.ok ? started.value.run : null,
    code: started.ok ? null : started.failure.code,
    decision: decision === null ? null : String(decision),
  });
  if (fresh) {
    await appendTenantEvent(tx, tenant, {
      type: 'trigger.fired',
      actor: trigger.principal,
      object: { type: 'trigger', id: trigger.id },
      outcome: started.ok ? 'started' : started.failure.code,
      detail: {
        name: trigger.name,
        key,
        ...(started.ok && { run: started.value.run }),
        ...(decision !== null && { decision: String(decision) }),
      },
    });
  }
  await firing.then?.(tx);
}
