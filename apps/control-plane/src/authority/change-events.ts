import { appendTenantEvent } from '@writ/audit';
import type { Tx } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import type { PolicyChange } from '@writ/policy';
import { currentTrace } from '@writ/telemetry';

/** Evidence of a change of policy or stops, in the transaction that makes it. */
export function recordChangeIn(tx: Tx): (change: PolicyChange) => Promise<void> {
  const trace = currentTrace()?.traceId;
  return ({ type, tenant, actor, object, detail }) =>
    appendTenantEvent(tx, tenant as TenantId, {
      type,
      actor,
      object,
      detail,
      ...(trace === undefined ? {} : { trace }),
    });
}
