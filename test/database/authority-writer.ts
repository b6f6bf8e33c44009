import { openGroupCommit, type Unit } from '@writ/database';
import { systemClock, type TenantId } from '@writ/kernel';
import { Client } from 'pg';
import { endWithParent } from '../support/end-with-parent';
import { creating, following } from '../support/units';

/**
 * A process of the authority test: runs that commit one unit after the other, each under the epochs this process last
 * saw, which it looks up again only when a unit is refused for them. A unit's evidence says what it was decided under.
 */
const { url, tenant, runs } = JSON.parse(process.env['WRIT_AUTHORITY_WRITER'] ?? '{}') as {
  url: string;
  tenant: TenantId;
  runs: number;
};

async function main(): Promise<void> {
  const writer = await openGroupCommit({ url, role: 'writer', allowUnsafeDurability: true }, { clock: systemClock });
  const reader = new Client(url);
  await reader.connect();
  let seen = { tenant: 0, platform: 0 };
  let stopping = false;

  let looking: Promise<void> | null = null;
  const look = (): Promise<void> => (looking ??= readEpochs().finally(() => (looking = null)));

  const readEpochs = async (): Promise<void> => {
    const { rows } = await reader.query<{ tenant: string; epoch: string }>(
      `select tenant, epoch from writ.authority_head where tenant in ($1, '*')`,
      [tenant],
    );
    const epochOf = (of: string): number => Number(rows.find((row) => row.tenant === of)?.epoch);
    seen = { tenant: epochOf(tenant), platform: epochOf('*') };
  };

  const decided = (unit: Unit): Unit => ({
    ...unit,
    authority: seen,
    audit: `tenant ${seen.tenant} platform ${seen.platform}`,
  });

  const lead = async (): Promise<void> => {
    let next = decided(creating(tenant));
    while (!stopping) {
      const outcome = await writer.commit(next);
      if (outcome.kind === 'committed') next = decided(following(next));
      else if (outcome.reason === 'authority') {
        await look();
        next = decided(next);
      } else throw new Error(`a unit of the authority test was refused: ${outcome.reason}`);
    }
  };

  await look();
  const leading = Array.from({ length: runs }, lead);
  process.once('SIGTERM', () => {
    stopping = true;
    void Promise.all(leading)
      .then(() => Promise.all([writer.close(), reader.end()]))
      .then(() => process.exit(0));
  });
  process.stdout.write('committing\n');
  await Promise.all(leading);
}

endWithParent();
void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
