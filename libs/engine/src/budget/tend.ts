import { appendTenantEvent } from '@writ/audit';
import type { TenantId } from '@writ/kernel';
import { tendBudgets } from '@writ/policy';
import type { EngineContext } from '../context';

/** What no run does for itself: reservations of runs that are over, and warnings. */
export async function tend({ db }: EngineContext): Promise<void> {
  await tendBudgets(
    db,
    (tx) =>
      ({ type, tenant, actor, object, detail }) =>
        appendTenantEvent(tx, tenant as TenantId, { type, actor, object, detail }),
  );
}
