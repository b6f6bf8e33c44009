import {
  CanonicalError,
  canonicalJson,
  type Clock,
  type Failure,
  isId,
  type Json,
  type JsonObject,
  newId,
  ok,
  refuse,
  type Result,
  type TenantId,
  type WorkerId,
} from '@writ/kernel';
import { appendTenantEvent } from '@writ/audit';
import type { Database, Tx } from '@writ/database';
import { references } from '@writ/registry';
import type { Page, RunCommandsApi } from '../api';
import { fireTrigger, type FireTrigger } from './fire';
import {
  firingRows,
  hookSecrets,
  insertTrigger,
  lockedTrigger,
  secretOf,
  triggerRow,
  triggerRows,
  updateSecret,
  updateStatus,
} from './rows';
import { checkSchedule, nextAfter } from './schedule';
import { isRecent, newSecret, signedWith } from './signature';
import { TriggerClock } from './trigger-clock';
import type { Firing, HookMessage, NewTrigger, Received, Trigger, TriggersApi, TriggerStatus } from './types';

type Change = Parameters<TriggersApi['pause']>[1];

/** What a template of each kind of trigger may read. */
const KNOWN = { schedule: ['trigger', 'due_at'], webhook: ['trigger', 'id', 'body'] } as const;

/** Triggers as people see and change them, and the door webhooks come in by. Schedules are fired by `TriggerClock`. */
export class Triggers implements TriggersApi {
  readonly #fire: FireTrigger;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    commands: Pick<RunCommandsApi, 'start'>,
  ) {
    this.#fire = fireTrigger(db, commands);
  }

  /** What fires the schedules that are due: one for each process, and the row of each schedule says whose turn it is. */
  clockFor(worker: WorkerId): TriggerClock {
    return new TriggerClock(this.db, this.#fire, worker);
  }

  async create(
    tx: Tx,
    made: Parameters<TriggersApi['create']>[1],
  ): Promise<Result<{ readonly trigger: Trigger; readonly secret: string | null }>> {
    const { tenant, trigger, by } = made;
    const now = this.clock.now();
    const wrong = templateFault(trigger);
    if (wrong) return refuse(wrong);
    const first = trigger.schedule ? checkSchedule(trigger.schedule, now) : ok(null);
    if (!first.ok) return first;
    const secret = trigger.schedule ? null : newSecret();
    const id = newId('trigger', now);
    const encrypted = secret && this.db.secrets.encrypt(secret, secretOf(tenant, id));
    const row = await insertTrigger(tx, { tenant, id, trigger, by: by.id, encrypted, nextAt: first.value });
    if (!row)
      return refuse(conflict(`the name ${trigger.name} was used before`, 'Names are not used again: take another.'));
    await this.#note(tx, tenant, { type: 'trigger.created', actor: by.id, trigger: row });
    return ok({ trigger: row, secret });
  }

  pause(tx: Tx, change: Change): Promise<Result<Trigger>> {
    return this.#change(tx, change, { from: ['active'], to: 'paused' });
  }

  resume(tx: Tx, change: Change): Promise<Result<Trigger>> {
    return this.#change(tx, change, { from: ['paused'], to: 'active' });
  }

  retire(tx: Tx, change: Change): Promise<Result<Trigger>> {
    return this.#change(tx, change, { from: ['active', 'paused'], to: 'retired' });
  }

  async rotate(tx: Tx, change: Change): Promise<Result<{ readonly trigger: Trigger; readonly secret: string }>> {
    const { tenant, id, by, reason } = change;
    const row = await lockedTrigger(tx, tenant, id);
    if (!row) return refuse(notFound(id));
    if (row.kind !== 'webhook' || row.status === 'retired')
      return refuse(
        conflict(`the trigger is ${row.status} and of kind ${row.kind}`, 'Only a webhook in use has a secret.'),
      );
    const secret = newSecret();
    const encrypted = this.db.secrets.encrypt(secret, secretOf(tenant, id));
    await updateSecret(tx, { tenant, id, encrypted, by: by.id });
    await this.#note(tx, tenant, { type: 'trigger.secret_rotated', actor: by.id, trigger: row, reason });
    return ok({ trigger: row, secret });
  }

  /** Times that pass while it is paused are nobody's to fire: it goes on with the next one. */
  async #change(
    tx: Tx,
    { tenant, id, by, reason }: Change,
    { from, to }: { readonly from: readonly TriggerStatus[]; readonly to: TriggerStatus },
  ): Promise<Result<Trigger>> {
    const row = await lockedTrigger(tx, tenant, id);
    if (!row) return refuse(notFound(id));
    if (!from.includes(row.status)) return refuse(conflict(`the trigger is ${row.status}`, 'Look at it again.'));
    const nextAt = to === 'active' && row.schedule ? nextAfter(row.schedule, this.clock.now()) : null;
    await updateStatus(tx, { tenant, id, status: to, nextAt, by: by.id });
    await this.#note(tx, tenant, { type: EVENTS[to], actor: by.id, trigger: row, reason });
    return ok((await triggerRow(tx, tenant, id))!);
  }

  async #note(
    tx: Tx,
    tenant: TenantId,
    said: {
      readonly type: 'trigger.created' | 'trigger.secret_rotated' | (typeof EVENTS)[TriggerStatus];
      readonly actor: string;
      readonly trigger: Trigger;
      readonly reason?: string;
    },
  ): Promise<void> {
    const { trigger, reason } = said;
    await appendTenantEvent(tx, tenant, {
      type: said.type,
      actor: said.actor,
      object: { type: 'trigger', id: trigger.id },
      detail: {
        name: trigger.name,
        workflow: trigger.start.workflow,
        principal: trigger.principal,
        roles: trigger.roles,
        ...(trigger.schedule && { cron: trigger.schedule.cron, time_zone: trigger.schedule.timeZone }),
        ...(reason !== undefined && { reason }),
      },
    });
  }

  async get(tenant: TenantId, id: string): Promise<Trigger | null> {
    if (!isId('trigger', id)) return null;
    return this.db.withTenant(tenant, (tx) => triggerRow(tx, tenant, id));
  }

  async list(tenant: TenantId, query: { readonly limit: number; readonly after?: string }): Promise<Page<Trigger>> {
    const rows = await this.db.withTenant(tenant, (tx) =>
      triggerRows(tx, tenant, { ...query, limit: query.limit + 1 }),
    );
    const data = rows.slice(0, query.limit);
    return { data, next: rows.length > query.limit ? data.at(-1)!.id : null };
  }

  async firings(
    tenant: TenantId,
    id: string,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<Page<Firing> | null> {
    if (!isId('trigger', id)) return null;
    const rows = await this.db.withTenant(tenant, async (tx) => {
      if (!(await triggerRow(tx, tenant, id))) return null;
      return firingRows(tx, { tenant, trigger: id, ...query, limit: query.limit + 1 });
    });
    if (!rows) return null;
    const data = rows.slice(0, query.limit);
    return { data, next: rows.length > query.limit ? data.at(-1)!.seq : null };
  }

  async receive(message: HookMessage): Promise<Result<Received>> {
    const now = this.clock.now();
    const known = isId('trigger', message.hook) ? await hookSecrets(this.db, message.hook) : null;
    // One answer for an unknown hook, a wrong signature and an old message: nothing to learn by trying.
    if (!known || !isRecent(message.timestamp, now) || !signedWith(known.secrets, message.signature, message))
      return refuse(UNAUTHENTICATED);
    const trigger = await this.get(known.tenant, message.hook);
    if (!trigger) return refuse(UNAUTHENTICATED);
    if (trigger.status !== 'active')
      return refuse(conflict(`the trigger is ${trigger.status}`, 'Ask whoever runs it.'));
    const body = parsed(message.body);
    if (body === undefined)
      return refuse({ code: 'malformed_json', class: 'permanent', message: 'the body is not JSON' });
    const odd = unencodable(body);
    if (odd) return refuse(odd);
    const { tenant } = known;
    return this.#fire({ tenant, trigger, key: message.id, dueAt: null, says: { id: message.id, body } });
  }
}

const EVENTS = { active: 'trigger.resumed', paused: 'trigger.paused', retired: 'trigger.retired' } as const;

const UNAUTHENTICATED: Failure = {
  code: 'unauthenticated',
  class: 'permanent',
  message: 'the message is not signed as this webhook’s messages are',
  next: 'Sign as Standard Webhooks say (webhook-id, webhook-timestamp, webhook-signature), with a clock that is right.',
};

const notFound = (id: string): Failure => ({
  code: 'not_found',
  class: 'permanent',
  message: `there is no trigger ${id}`,
  next: 'List the triggers with `writ triggers list`.',
});

const conflict = (message: string, next: string): Failure => ({
  code: 'state_conflict',
  class: 'permanent',
  message,
  next,
});

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What JSON can say and no run can be given. */
function unencodable(body: Json): Failure | null {
  try {
    canonicalJson(body);
    return null;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return { code: 'invalid_request', class: 'permanent', message: `the body holds ${error.message}` };
  }
}

/** A reference that no firing can ever fill is a mistake of today, not of the night it first fires. */
function templateFault({ start, schedule }: NewTrigger): Failure | null {
  const known: readonly string[] = schedule ? KNOWN.schedule : KNOWN.webhook;
  const { found, malformed } = references(start.input satisfies JsonObject);
  const wrong = found.filter(({ pointer }) => !known.some((name) => `${pointer}/`.startsWith(`/input/${name}/`)));
  const at = malformed[0] ?? wrong[0]?.at;
  if (at === undefined) return null;
  const message = `a reference of this trigger names one of ${known.map((name) => `/input/${name}`).join(', ')}`;
  return { code: 'schema_violation', class: 'permanent', message, details: { [`/input${at}`]: message } };
}
