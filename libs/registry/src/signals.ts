import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { allNodes } from './child-nodes';
import { versionsByDigest } from './store';

/**
 * Names of the signals that nodes of these workflows wait for, at any depth. Null where one of them is not stored, so that it
 * cannot be told.
 */
export async function awaitedSignals(
  tx: Tx,
  tenant: TenantId,
  digests: readonly string[],
): Promise<ReadonlySet<string> | null> {
  const found = await versionsByDigest(tx, tenant, digests);
  const names = new Set<string>();
  for (const digest of digests) {
    const definition = found.find((one) => one.digest === digest)?.definition;
    if (definition?.kind !== 'workflow') return null;
    for (const { node } of allNodes(definition.root)) {
      if (node.type === 'wait' && node.signal !== undefined) names.add(node.signal);
    }
  }
  return names;
}
