import { raiseAuthority, type Tx } from '@writ/database';
import { canonicalJson, digestOf, type Json, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { type RecordChange, wakeAsked } from '../activate';
import { parseDocument, shaped, SMALLEST_BUNDLE, tooLarge } from '../bundle';
import { buildSnapshot } from '../snapshot';
import { MAX_PLATFORM_BYTES, PlatformDocument } from './document';
import { composed, lockPlatform, platformInForce } from './stored';

export interface PlatformInput {
  /** `NO_PLATFORM` takes away what there was. */
  readonly document: PlatformDocument;
  /** Opaque principal id. */
  readonly author: string;
  readonly reason: string;
}

export interface PlatformPut {
  /** Of the document's canonical text. */
  readonly digest: string;
  /** What was in force; null for the first. */
  readonly previous: string | null;
  /** False when it was in force already: nothing was written and no epoch was raised. */
  readonly changed: boolean;
  /** How many tenants have another policy in force from now on. */
  readonly tenants: number;
}

/** Reads a document of the platform. Fails with `bundle_too_large`, `bundle_syntax` or `bundle_shape`. */
export function parsePlatform(text: string): Result<PlatformDocument> {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PLATFORM_BYTES) return refuse(tooLarge(`its text has ${bytes}`, MAX_PLATFORM_BYTES));
  const document = parseDocument(text);
  return document.ok ? shaped(PlatformDocument, document.value) : document;
}

interface Head {
  readonly tenant: TenantId;
  readonly digest: string;
  readonly own: string;
  readonly body: string;
}

const HEADS = `
  SELECT h.tenant, h.digest, b.digest AS own, b.body
    FROM writ.policy_head h JOIN writ.policy_bundle b ON b.tenant = h.tenant AND b.digest = coalesce(h.own, h.digest)
   WHERE h.tenant <> '*' AND h.tenant > $1 ORDER BY h.tenant LIMIT 100`;
const INSERT = `
  INSERT INTO writ.policy_bundle (tenant, digest, body, author, own) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant, digest) DO NOTHING`;
const PUT_OF_PLATFORM = `
  INSERT INTO writ.policy_head (tenant, digest, activated_by) VALUES ('*', $1, $2)
  ON CONFLICT (tenant) DO UPDATE SET digest = excluded.digest, activated_by = excluded.activated_by, activated_at = now()`;
const PUT = `UPDATE writ.policy_head SET digest = $2, own = $3 WHERE tenant = $1`;

/**
 * Puts guardrails of the platform in force for every tenant there is, in the caller's transaction, which must be the
 * owner's: it sees and changes the heads of all of them. Each tenant's policy in force is from then on its own bundle with
 * these, stored under a digest of its own and named in the tenant's log, so that whoever verifies that log needs nothing
 * else. INVARIANT: from the commit on no unit of any tenant commits under a policy without them (I3); a tenant that comes
 * later, or changes its bundle, gets them with its activation.
 */
export async function putPlatform(
  tx: Tx,
  { document, author, reason }: PlatformInput,
  record: RecordChange,
): Promise<Result<PlatformPut>> {
  // Built alone it is built with any bundle: it reads nothing of one.
  const built = await buildSnapshot({ ...SMALLEST_BUNDLE, platform: document });
  if (!built.ok) return built;
  const text = canonicalJson(document as unknown as Json);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PLATFORM_BYTES) return refuse(tooLarge(`its text has ${bytes}`, MAX_PLATFORM_BYTES));
  const digest = digestOf(text);
  // In the order of whoever publishes and then activates: first the stream, then the lock on policies.
  await tx.query(`SELECT FROM writ.tenant_stream ORDER BY tenant FOR UPDATE`);
  await lockPlatform(tx, 'alone');
  const { digest: previous, epoch: before } = await platformInForce(tx);
  if (previous === digest) return ok({ digest, previous, changed: false, tenants: 0 });
  // Nobody else raises the platform's epoch while its stream is locked.
  const epoch = before + 1;
  await tx.query(INSERT, ['*', digest, text, author, null]);
  await tx.query(PUT_OF_PLATFORM, [digest, author]);
  const tenants: TenantId[] = [];
  for (let page = await headsAfter(tx, ''); page.length > 0; page = await headsAfter(tx, page.at(-1)!.tenant)) {
    for (const head of page) {
      const now = composed(head, text);
      if (now.digest === head.digest) continue;
      const own = now.digest === head.own ? null : head.own;
      await tx.query(INSERT, [head.tenant, now.digest, now.body, author, own]);
      await tx.query(PUT, [head.tenant, now.digest, own]);
      await record({
        type: 'policy.activated',
        tenant: head.tenant,
        actor: author,
        object: { type: 'policy', id: now.digest },
        detail: {
          previous: head.digest,
          platform: own === null ? null : digest,
          platform_epoch: epoch,
          reason,
        },
      });
      tenants.push(head.tenant);
    }
  }
  const count = tenants.length;
  await record({
    type: 'policy.activated',
    tenant: '*',
    actor: author,
    object: { type: 'policy', id: digest },
    detail: { previous, tenants: count, reason },
  });
  if ((await raiseAuthority(tx, '*')) !== epoch)
    throw new Error('the epoch of the platform was raised by somebody else');
  for (const tenant of tenants) await wakeAsked(tx, tenant);
  return ok({ digest, previous, changed: true, tenants: count });
}

/** Page by page: a bundle may have a megabyte, and there may be many tenants. */
const headsAfter = (tx: Tx, tenant: string): Promise<Head[]> => tx.query<Head>(HEADS, [tenant]);

export interface PlatformVersion {
  readonly digest: string;
  readonly document: PlatformDocument;
  readonly author: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly inForce: boolean;
}

/** What the platform has had in force, newest first; one that came back counts from when it was first there. */
export async function platformVersions(tx: Tx): Promise<readonly PlatformVersion[]> {
  const rows = await tx.query<{ digest: string; body: string; author: string; created_at: Date; in_force: boolean }>(
    `SELECT b.digest, b.body, b.author, b.created_at, h.digest IS NOT NULL AS in_force
       FROM writ.policy_bundle b LEFT JOIN writ.policy_head h ON h.tenant = b.tenant AND h.digest = b.digest
      WHERE b.tenant = '*' ORDER BY in_force DESC, b.created_at DESC, b.digest`,
  );
  return rows.map(({ digest, body, author, created_at: at, in_force: inForce }) => ({
    digest,
    document: JSON.parse(body) as PlatformDocument,
    author,
    at: at.getTime(),
    inForce,
  }));
}
