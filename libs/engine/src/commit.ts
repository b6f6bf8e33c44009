import { canonicalJson, newId } from '@writ/kernel';
import { type AuditDraft, type ChainLink, extendChain } from '@writ/audit';
import {
  type AuthorityEpochs,
  type Committed,
  type GroupCommit,
  isFinal,
  type RunStatus,
  type Unit,
} from '@writ/database';
import type { DecisionId } from '@writ/kernel';
import { apply } from './fold';
import type { RunEvent, WaitFor } from './events';
import { emptyPending, type HeldRun } from './held-run';
import { journalLine } from './journal-line';

/** What joins the pending facts in this unit, applied only once it is in. */
export interface Tail {
  readonly events: readonly RunEvent[];
  readonly audits: readonly AuditDraft[];
  readonly decisions: readonly DecisionId[];
}

export interface Standing {
  readonly status: RunStatus;
  readonly wait: WaitFor | null;
  readonly wakeAt: number | null;
  readonly release: boolean;
}

export const RUNNING: Standing = { status: 'running', wait: null, wakeAt: null, release: false };

export type CommitResult =
  | { readonly kind: 'committed'; readonly committed: Committed }
  /** Policy, a role or a stop changed since the decision: decide again. */
  | { readonly kind: 'stale' }
  /** Another worker leads the run, or it is over: let go of it, everything about it here is out of date. */
  | { readonly kind: 'lost' }
  /** The creation found its id or idempotency key taken. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'poisoned'; readonly detail: string };

const EMPTY: Tail = { events: [], audits: [], decisions: [] };

/**
 * Commits what is pending together with `tail`, as one unit under the fence (I2, I3). On success the tail is applied
 * and the heads move; on any refusal nothing moved, and the pending facts stay for the next try.
 */
export async function commitUnit(
  writer: GroupCommit,
  held: HeldRun,
  unit: { readonly tail?: Tail; readonly standing: Standing; readonly authority: AuthorityEpochs },
): Promise<CommitResult> {
  const under = held.create ? held.startedUnder : null;
  if (under && (under.tenant !== unit.authority.tenant || under.platform !== unit.authority.platform)) {
    return { kind: 'stale' };
  }
  const tail = unit.tail ?? EMPTY;
  const { pending } = held;
  const events = [...pending.events, ...tail.events];
  const link = extendChain(held.chain, [...pending.audits, ...tail.audits]);
  const outcome = await writer.commit(build(held, { ...unit, tail, events, link }));
  if (outcome.kind === 'refused') {
    switch (outcome.reason) {
      case 'authority':
        return { kind: 'stale' };
      case 'exists':
        return { kind: 'exists' };
      case 'poisoned':
        return { kind: 'poisoned', detail: outcome.detail ?? 'refused by the database' };
      default:
        return { kind: 'lost' };
    }
  }
  for (const event of tail.events) apply(held.state, event);
  held.seq += events.length;
  held.chain = link.head;
  if (held.create) {
    held.create = null;
    held.onCreated?.();
  }
  held.pending = emptyPending();
  return { kind: 'committed', committed: outcome.committed };
}

interface Parts {
  readonly tail: Tail;
  readonly standing: Standing;
  readonly authority: AuthorityEpochs;
  readonly events: readonly RunEvent[];
  readonly link: ChainLink;
}

function build(held: HeldRun, { tail, standing, authority, events, link }: Parts): Unit {
  return {
    id: newId('unit'),
    tenant: held.tenant,
    run: held.run,
    leaseEpoch: held.leaseEpoch,
    authority,
    seq: held.seq,
    nextSeq: held.seq + events.length,
    create: held.create,
    status: standing.status,
    wait: standing.wait === null ? null : canonicalJson(standing.wait),
    wakeAt: standing.wakeAt,
    release: standing.release || isFinal(standing.status),
    journal: events.map((event) => journalLine({ tenant: held.tenant, started: held.state.started }, event)).join('\n'),
    audit: link.text,
    auditHashes: link.hashes,
    auditSeq: held.chain.seq,
    mail: held.pending.mail,
    decisions: [...held.pending.decisions, ...tail.decisions],
  };
}
