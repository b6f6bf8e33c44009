import { openDatabase } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { AuthorityStore } from '@writ/policy';
import { endWithParent } from '../support/end-with-parent';

/** A process that holds one tenant's authority and says, a line each, which epoch it holds from which moment on. */
const { url, tenant } = JSON.parse(process.env['WRIT_FOLLOWER'] ?? '{}') as { url: string; tenant: TenantId };

async function main(): Promise<void> {
  const db = await openDatabase({ url, role: 'writer', allowUnsafeDurability: true });
  // Whoever polls often enough needs no notification: it is the notification that is measured.
  const store = new AuthorityStore(db, { pollMs: 600_000 });
  await store.start();
  const say = (): void => {
    const { epochs, snapshot } = store.current(tenant)!;
    const at = performance.timeOrigin + performance.now();
    process.stdout.write(`${JSON.stringify({ epoch: epochs.tenant, rules: snapshot?.ruleCount ?? 0, at })}\n`);
  };
  await store.get(tenant);
  store.onChange(say);
  say();
  process.once('SIGTERM', () => {
    void store
      .stop()
      .then(() => db.close())
      .then(() => process.exit(0));
  });
}

endWithParent();
void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
