import { appendTenantEvents, type TenantEvent } from '@writ/audit';
import { raiseAuthority, type Tx } from '@writ/database';
import { canonicalJson, digestOf, ok, refuse, type Result, type TenantId } from '@writ/kernel';
import type { DefinitionKind } from './definitions';
import { validateDocuments } from './documents';
import { lookupOf } from './lookup';
import { refusalOf } from './problems';
import { referenceProblems } from './references';
import { lockRegistry, newestVersions } from './store';

export interface Published {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  /** False when the newest version already had exactly this content. */
  readonly created: boolean;
}

/**
 * Publishes definitions, all or none, durable with the caller's transaction. Refuses `definition_invalid` (a document by
 * itself) and `reference_invalid` (what it names), each with JSON pointers; whether the author may publish is decided
 * before. A document equal to the newest version of its name changes nothing, so publishing twice is publishing once.
 *
 * INVARIANT: a version never changes once it is in. A running run keeps the versions of its bill: publishing takes no
 * right away from it. To take one away, change the policy or set a stop.
 */
export async function publish(
  tx: Tx,
  input: { readonly tenant: TenantId; readonly author: string; readonly documents: readonly unknown[] },
): Promise<Result<Published[]>> {
  const valid = validateDocuments(input.documents);
  if (!valid.ok) return valid;
  const { tenant, author } = input;
  await lockRegistry(tx, tenant);
  const newest = await newestVersions(tx, tenant);
  const problems = referenceProblems(
    valid.value,
    lookupOf(
      newest.map((one) => one.definition),
      valid.value,
    ),
  );
  if (problems.length > 0) return refuse(refusalOf('reference_invalid', problems));
  const current = new Map(newest.map((one) => [`${one.definition.kind} ${one.definition.name}`, one]));
  const published: Published[] = [];
  const events: TenantEvent[] = [];
  for (const definition of valid.value) {
    const body = canonicalJson(definition);
    const digest = digestOf(body);
    const { kind, name } = definition;
    const head = current.get(`${kind} ${name}`);
    if (head?.digest === digest) {
      published.push({ kind, name, version: head.version, digest, created: false });
      continue;
    }
    const version = (head?.version ?? 0) + 1;
    await tx.query(
      `INSERT INTO writ.definition (tenant, kind, name, version, digest, body, author) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [tenant, kind, name, version, digest, body, author],
    );
    published.push({ kind, name, version, digest, created: true });
    events.push({ type: 'definition.published', actor: author, object: { type: kind, id: name, version, digest } });
  }
  await appendTenantEvents(tx, tenant, events);
  // A start is fenced by the authority epoch too: raising it makes "the newest version" exact, also for a process that
  // keeps a tenant's bills in memory.
  if (events.length > 0) await raiseAuthority(tx, tenant);
  return ok(published);
}
