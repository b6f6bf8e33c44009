import type { Failure, JsonObject, RunId, TenantId } from '@writ/kernel';
import type { Database } from '@writ/database';
import type { Resource } from '@writ/policy';
import { checkInput, loadPinnedBill, valueAt } from '@writ/registry';
import { fold } from '../fold';
import { readJournal } from '../read-journal';

interface About {
  readonly tenant: TenantId;
  readonly run: RunId | null;
  readonly action: string;
  readonly target: string;
}

/** The tool a request is about, as its run pinned it: what arguments it takes, and which object they name. */
export async function pinnedTool(db: Database, { tenant, run, action, target }: About) {
  if (action !== 'tool.invoke' || run === null) return null;
  const { pinned } = fold(await readJournal(db, tenant, run));
  const bill = await loadPinnedBill(db, { tenant, manifest: pinned.bill });
  const tool = bill.tools.get(target)?.definition;
  if (!tool) return null;
  const { input, resource: mapping } = tool;
  return {
    check: (args: JsonObject): Failure | null => checkInput(input as JsonObject, args),
    resourceOf: (args: JsonObject): Resource | undefined =>
      mapping === undefined ? undefined : resourceOf(mapping, args),
  };
}

function resourceOf(mapping: { readonly type: string; readonly id: string }, args: JsonObject): Resource | undefined {
  const id = valueAt(args, mapping.id);
  return typeof id === 'string' || typeof id === 'number' ? { type: mapping.type, id: String(id) } : undefined;
}
