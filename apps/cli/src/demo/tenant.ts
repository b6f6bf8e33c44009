import { openDatabase } from '@writ/database';
import { newId, systemClock } from '@writ/kernel';
import { openTenant } from '../../../control-plane/src';
import { fromFailure } from '../cli-error';

/** A tenant called demo, with the product's roles and an administrator's key. */
export async function openDemoTenant(
  databaseUrl: string,
): Promise<{ readonly tenant: string; readonly apiKey: string }> {
  const database = await openDatabase({ url: databaseUrl, role: 'writer' });
  try {
    const tenant = newId('tenant');
    const opened = await openTenant(database, { tenant, name: 'demo', now: systemClock.now() });
    if (!opened.ok) throw fromFailure('The tenant of the demo cannot be made.', opened.failure);
    return { tenant, apiKey: opened.value.token ?? '' };
  } finally {
    await database.close();
  }
}
