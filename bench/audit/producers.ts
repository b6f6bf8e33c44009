import { type ChainHead, extendChain, GENESIS } from '@writ/audit';
import {
  createTenant,
  type GroupCommit,
  openDatabase,
  openGroupCommit,
  runMigrations,
  type Unit,
} from '@writ/database';
import { newId, type RunId, systemClock, type TenantId, type WorkerId } from '@writ/kernel';
import { auditDraft } from './event';

const TENANTS = 20;

/** A run that does nothing but leave evidence: each append is one unit, durable and fenced when it is answered. */
export class Producer {
  readonly run: RunId = newId('run');
  readonly #worker: WorkerId = newId('worker');
  #head: ChainHead = GENESIS;
  #seq = 0;

  constructor(
    readonly tenant: TenantId,
    private readonly writer: GroupCommit,
  ) {}

  /** Appends this many events as one unit; answers the sequence of the first in its run. */
  async append(events = 1): Promise<number> {
    const drafts = Array.from({ length: events }, () => auditDraft(this.tenant, this.run, this.#seq));
    const link = extendChain(this.#head, drafts);
    const at = this.#head.seq;
    const outcome = await this.writer.commit(this.#unit(link.packed, link.hashes));
    if (outcome.kind !== 'committed') throw new Error(`a unit was refused: ${outcome.reason}`);
    this.#head = link.head;
    this.#seq += 1;
    return at;
  }

  #unit(audit: string, auditHashes: Uint8Array): Unit {
    return {
      id: newId('unit'),
      tenant: this.tenant,
      run: this.run,
      leaseEpoch: 1,
      authority: { tenant: 1, platform: 1 },
      seq: this.#seq,
      nextSeq: this.#seq + 1,
      create: this.#seq === 0 ? this.#creation() : null,
      status: 'running',
      wait: null,
      wakeAt: null,
      release: false,
      journal: `{"at":${Date.now()},"step":${this.#seq},"type":"step_settled"}`,
      audit,
      auditHashes,
      auditSeq: this.#head.seq,
      mail: [],
      decisions: [],
    };
  }

  #creation(): NonNullable<Unit['create']> {
    return {
      workflow: 'audit',
      workflowDigest: `sha256:${'0'.repeat(64)}`,
      initiator: 'user:bench',
      idempotencyKey: null,
      requestDigest: null,
      leaseOwner: this.#worker,
      traceId: null,
      deadlineAt: null,
    };
  }
}

/** A migrated database with tenants, the product's writer over it, and as many producers as asked. */
export async function openProducers(url: string, count: number) {
  await runMigrations(url);
  const db = await openDatabase({ url, role: 'writer' });
  const tenants: TenantId[] = Array.from({ length: TENANTS }, () => newId('tenant'));
  for (const tenant of tenants) await db.withTenant(tenant, (tx) => createTenant(tx, { tenant, name: 'bench' }));
  const writer = await openGroupCommit({ url, role: 'writer' }, { clock: systemClock });
  const producers = Array.from({ length: count }, (_, i) => new Producer(tenants[i % TENANTS]!, writer));
  return {
    db,
    tenants,
    producers,
    async close(): Promise<void> {
      await writer.close();
      await db.close();
    },
  };
}
