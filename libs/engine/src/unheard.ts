import type { RunRow, Tx } from '@writ/database';
import type { Failure, TenantId } from '@writ/kernel';
import { awaitedSignals } from '@writ/registry';
import type { UpgradeRequested } from './events';

/** Versions that somebody asked the run to be moved to stand in its journal; its row keeps the one it was started with. */
const UPGRADES = `
  SELECT l.line FROM writ.journal j CROSS JOIN LATERAL string_to_table(j.events, E'\\n') AS l (line)
   WHERE j.tenant = $1 AND j.run = $2 AND position('"upgrade_requested"' IN j.events) > 0
     AND position('"upgrade_requested"' IN l.line) > 0`;

/**
 * Why a signal of this name can never be taken: no node of the workflow that the run is pinned to, or that somebody wants it
 * moved to, waits for it. Null for a name that is awaited now, later, or perhaps.
 */
export async function unheard(
  tx: Tx,
  tenant: TenantId,
  { row, name }: { readonly row: RunRow; readonly name: string },
): Promise<Failure | null> {
  const known = await awaitedSignals(tx, tenant, [row.workflowDigest]);
  if (known === null || known.has(name)) return null;
  const lines = await tx.query<{ readonly line: string }>(UPGRADES, [tenant, row.id]);
  const events = lines.map(({ line }) => JSON.parse(line) as UpgradeRequested);
  const moved = events.filter(({ type }) => type === 'upgrade_requested').flatMap(({ bill }) => bill);
  const digests = moved.filter(([kind, workflow]) => kind === 'workflow' && workflow === row.workflow);
  const names =
    digests.length === 0
      ? known
      : await awaitedSignals(tx, tenant, [row.workflowDigest, ...new Set(digests.map((one) => one[2]))]);
  if (names === null || names.has(name)) return null;
  const list = [...names].sort();
  const instead = list.length === 0 ? 'it waits for no signal at all' : `it waits for ${listed(list)}`;
  const message = `no node of workflow ${row.workflow} waits for a signal ${name}: ${instead}`;
  return {
    code: 'signal_unknown',
    class: 'permanent',
    message,
    next:
      list.length === 0
        ? 'Look at what the run does wait for: `writ runs show`. Child runs are told by their own ids.'
        : 'Send one of these names. Child runs are told by their own ids.',
    details: { '/name': message },
  };
}

const LISTED = 20;

const listed = (names: readonly string[]): string =>
  names.length > LISTED ? `${names.slice(0, LISTED).join(', ')} and ${names.length - LISTED} more` : names.join(', ');
