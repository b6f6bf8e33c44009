import type { Database } from '@writ/database';
import { ok, refuse, type Result, type TenantId } from '@writ/kernel';
import { assembleBill, billDigest, CHILD, type VersionedLookup } from './bill';
import type { BillOfMaterials, DefinitionKind, Manifest, Versioned, WorkflowDefinition } from './definitions';
import { lookupOf } from './lookup';
import { refusalOf } from './problems';
import { countVersions, newestVersions, oneVersion, versionsByDigest } from './store';
import { workflowProblems } from './workflow-references';

/** Bills of one process: a bill is about 50 KB parsed, and a tenant has few that are in use. */
const KEPT = 512;

class Kept<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= KEPT) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

const newest = new Kept<{ readonly count: number; readonly bill: BillOfMaterials }>();
const pinned = new Kept<BillOfMaterials>();

export interface BillRequest {
  readonly tenant: TenantId;
  readonly workflow: string;
  /** A version of the workflow, or its digest; the newest when neither is given. What it names is taken newest. */
  readonly version?: number | undefined;
  readonly digest?: string | undefined;
}

/**
 * The bill a run that starts now is pinned to. Refuses `workflow_unknown`, and `bill_inconsistent` when an old version
 * of a workflow no longer fits the newest agents. Costs one count while nothing has been published since the last call.
 */
export async function loadBill(db: Database, request: BillRequest): Promise<Result<BillOfMaterials>> {
  const { tenant, workflow, version, digest } = request;
  const key = JSON.stringify([tenant, workflow, version ?? null, digest ?? null]);
  return db.withTenant(tenant, async (tx) => {
    const count = await countVersions(tx, tenant);
    const known = newest.get(key);
    if (known?.count === count) return ok(known.bill);
    const found = await oneVersion(tx, { tenant, kind: 'workflow', name: workflow, version, digest });
    if (!found) return refuse(unknown(request));
    const all = await newestVersions(tx, tenant);
    const definition = found.definition as WorkflowDefinition;
    const problems = workflowProblems(
      definition,
      lookupOf(
        all.map((one) => one.definition),
        [],
      ),
    );
    if (problems.length > 0) return refuse(refusalOf('bill_inconsistent', problems));
    const bill = assembleBill({ digest: found.digest, version: found.version, definition }, lookupBy(all));
    newest.set(key, { count, bill });
    pinned.set(`${tenant} ${bill.digest}`, bill);
    return ok(bill);
  });
}

/**
 * The bill a running run is pinned to, from the manifest in its journal: exactly those digests, whatever has been
 * published since (I4: a resumed run goes on under the definitions it started with). Throws when one is gone, which the
 * database's grants rule out.
 */
export async function loadPinnedBill(
  db: Database,
  request: { readonly tenant: TenantId; readonly manifest: Manifest },
): Promise<BillOfMaterials> {
  const { tenant, manifest } = request;
  const key = `${tenant} ${billDigest(manifest)}`;
  const known = pinned.get(key);
  if (known) return known;
  const digests = manifest.map(([, , digest]) => digest);
  const stored = await db.withTenant(tenant, (tx) => versionsByDigest(tx, tenant, digests));
  const wanted = new Set(manifest.map(([kind, ...entry]) => [kind === CHILD ? 'workflow' : kind, ...entry].join(' ')));
  const rows = stored.filter((one) => wanted.has([one.definition.kind, one.definition.name, one.digest].join(' ')));
  const root = manifest.find(([kind]) => kind === 'workflow')?.[1];
  const workflow = rows.find(
    (one): one is Versioned<WorkflowDefinition> => one.definition.kind === 'workflow' && one.definition.name === root,
  );
  if (!workflow) throw new Error(`the pinned bill ${billDigest(manifest)} has no stored workflow`);
  const bill = assembleBill(workflow, lookupBy(rows));
  if (`${tenant} ${bill.digest}` !== key) throw new Error(`the pinned bill ${billDigest(manifest)} is not complete`);
  pinned.set(key, bill);
  return bill;
}

function lookupBy(all: readonly Versioned[]): VersionedLookup {
  const byKey = new Map(all.map((one) => [`${one.definition.kind} ${one.definition.name}`, one]));
  return {
    get: (kind: DefinitionKind, name: string) => byKey.get(`${kind} ${name}`),
    all: (kind: DefinitionKind) => [...byKey.values()].filter((one) => one.definition.kind === kind),
  };
}

function unknown(request: BillRequest) {
  const which = request.version !== undefined ? ` version ${request.version}` : '';
  return {
    code: 'workflow_unknown',
    class: 'permanent' as const,
    message: `no workflow ${request.workflow}${which} is published`,
    next: 'Publish it, or start one that `writ config workflows` shows.',
    details: { workflow: request.workflow, version: request.version ?? null },
  };
}
