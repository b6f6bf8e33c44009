import { appendTenantEvent } from '@writ/audit';
import type { Database } from '@writ/database';
import { logger } from '@writ/telemetry';
import type { TenantAuthority } from '../authority';
import type { Disagreement } from './matcher-checker';

/**
 * An incident: from now on this process goes by Casbin alone, and every tenant whose policy it was about has it in its
 * evidence. Said in the log first, since that needs no database.
 */
export async function recordDisagreement(
  db: Database,
  authorities: readonly TenantAuthority[],
  { found }: Disagreement,
): Promise<void> {
  logger('policy').error({ found }, 'our matcher and Casbin disagree; Casbin decides from now on');
  for (const { tenant, snapshot } of authorities) {
    await db.withTenant(tenant, (tx) =>
      appendTenantEvent(tx, tenant, {
        type: 'policy.matchers_disagreed',
        actor: 'service:writ',
        object: { type: 'policy', id: snapshot?.digest ?? '' },
        detail: { found },
      }),
    );
  }
}
