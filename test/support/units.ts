import { createHash } from 'node:crypto';
import type { RunCreation, Unit } from '@writ/database';
import { newId, type TenantId } from '@writ/kernel';

const hashOf = (text: string): Uint8Array => createHash('sha256').update(text).digest();

type Changes = Partial<Omit<Unit, 'create'>>;

/** The journal line, the audit line and its hash that most units of these tests carry. */
function lines(what: string): Pick<Unit, 'journal' | 'audit' | 'auditHashes'> {
  const audit = JSON.stringify({ audit: what });
  return { journal: JSON.stringify({ journal: what }), audit, auditHashes: hashOf(audit) };
}

/** The unit that creates a run, led from the start by a worker nobody has heard of. */
export function creating(tenant: TenantId, changes: Changes & { readonly create?: Partial<RunCreation> } = {}): Unit {
  const { create, ...rest } = changes;
  return {
    id: newId('unit'),
    tenant,
    run: newId('run'),
    leaseEpoch: 1,
    authority: { tenant: 1, platform: 1 },
    seq: 0,
    nextSeq: 1,
    create: {
      workflow: 'w',
      workflowDigest: 'd'.repeat(64),
      initiator: 'user:somebody',
      idempotencyKey: null,
      requestDigest: null,
      leaseOwner: newId('worker'),
      traceId: null,
      deadlineAt: null,
      ...create,
    },
    status: 'running',
    wait: null,
    wakeAt: null,
    release: false,
    auditSeq: 0,
    mail: [],
    decisions: [],
    ...lines('created'),
    ...rest,
  };
}

/** The unit after `before`: one journal line and one audit line further. */
export function following(before: Unit, changes: Changes = {}): Unit {
  const { budget: _taken, resumes: _led, ...rest } = before;
  return {
    ...rest,
    id: newId('unit'),
    seq: before.nextSeq,
    nextSeq: before.nextSeq + 1,
    create: null,
    auditSeq: before.auditSeq + before.auditHashes.length / 32,
    mail: [],
    ...lines(`step ${before.nextSeq}`),
    ...changes,
  };
}
