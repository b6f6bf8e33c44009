import type { ResponseOf } from '@writ/contract';
import type { Database } from '@writ/database';
import type { Clock, TenantId } from '@writ/kernel';
import { reviewing } from '@writ/policy';
import type { Ask, Gate } from '../authority/gate';
import { callerOf, tenantOf } from '../frame/call';
import type { AnyCall } from '../frame/state';
import type { Approvals, Batches, Questions } from '../tokens';

export type Match = ResponseOf<'lookup'>['matches'][number];

export interface AskedParts {
  readonly approvals: Approvals;
  readonly questions: Questions;
  readonly batches: Batches;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly database: Database;
}

/** What people are asked or are to look at, and what was started at once, by their ids: null for what is none, or is not the caller's to read. */
export class AskedThings {
  constructor(private readonly parts: AskedParts) {}

  async approval(call: AnyCall, id: string): Promise<Match | null> {
    const { approvals, clock } = this.parts;
    const by = { reader: callerOf(call).principal, now: clock.now() };
    const found = await approvals.queries.get(tenantOf(call), id, by);
    if (!found) return null;
    const { document, status, target } = found.approval;
    if (!(await this.#may(call, { action: 'approval.read', object: { type: 'approval', id: target } }))) return null;
    const tab = status === 'pending' ? 'open' : 'settled';
    return {
      kind: 'approval',
      id,
      title: `${document.sentence}, ${status}`,
      console: `/approvals?tab=${tab}&sel=${id}&view=peek`,
      api: `/v1/approvals/${id}`,
    };
  }

  async question(call: AnyCall, id: string): Promise<Match | null> {
    const found = await this.parts.questions.get(tenantOf(call), id, callerOf(call).principal);
    if (!found) return null;
    const { workflow, words, status } = found.question;
    if (!(await this.#mayRead(call, workflow))) return null;
    const console = `/questions?tab=all&sel=${id}&view=peek`;
    return {
      kind: 'question',
      id,
      title: `${workflow} asks: ${words} (${status})`,
      console,
      api: `/v1/questions/${id}`,
    };
  }

  async review(call: AnyCall, id: string): Promise<Match | null> {
    const tenant: TenantId = tenantOf(call);
    const found = await this.parts.database.withTenant(tenant, (tx) => reviewing.get(tx, { tenant, id }));
    if (!found) return null;
    const { workflow, tier, verdict } = found;
    if (!(await this.#may(call, { action: 'review.read', object: { type: 'review', id: workflow } }))) return null;
    return {
      kind: 'review',
      id,
      title: `review of a run of ${workflow} (${tier} risk), ${verdict ?? 'open'}`,
      console: `/reviews?tab=${verdict === null ? 'open' : 'decided'}&sel=${id}&view=peek`,
      api: `/v1/reviews/${id}`,
    };
  }

  async batch(call: AnyCall, id: string): Promise<Match | null> {
    const tenant: TenantId = tenantOf(call);
    const found = await this.parts.batches.get(tenant, id);
    if (!found || !(await this.#mayRead(call, found.workflow))) return null;
    const title = `batch of ${found.workflow}, ${found.status}`;
    return { kind: 'batch', id, title, console: `/batches?sel=${id}`, api: `/v1/batches/${id}` };
  }

  #mayRead(call: AnyCall, workflow: string): Promise<boolean> {
    return this.#may(call, { action: 'run.read', object: { type: 'run', id: workflow } });
  }

  #may(call: AnyCall, ask: Ask): Promise<boolean> {
    return this.parts.gate.allows(call, ask);
  }
}
