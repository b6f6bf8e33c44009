import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { listDefinitions } from '@writ/registry';

const ALL = 100_000;

/** What rules may name: `tool:refund`. A router is handed over to like an agent. */
export async function publishedNames(tx: Tx, tenant: TenantId): Promise<ReadonlySet<string>> {
  const { data } = await listDefinitions(tx, { tenant, limit: ALL });
  return new Set(data.map(({ kind, name }) => `${kind === 'router' ? 'agent' : kind}:${name}`));
}
