import { type AuthorityEpochs, type Database, openDatabase, type Unit } from '@writ/database';
import type { TenantId } from '@writ/kernel';
import { openWriter } from './ledger';
import { creating, following } from './units';

export interface StormSetup {
  readonly url: string;
  readonly tenants: readonly TenantId[];
  /** Runs advanced at once, per tenant. */
  readonly runs: number;
}

export interface StormTold {
  readonly committed: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Ids of the units whose commit was answered. */
  readonly answered: readonly string[];
}

/** What a unit of the storm says of itself in the journal: the epochs it was decided under. */
export const journalOf = (epochs: AuthorityEpochs): string =>
  JSON.stringify({ platform: epochs.platform, tenant: epochs.tenant });

async function readEpochs(db: Database, tenant: TenantId): Promise<AuthorityEpochs> {
  const rows = await db.withTenant(tenant, (tx) =>
    tx.query<{ tenant: string; epoch: string }>('select tenant, epoch from writ.authority_head'),
  );
  const epoch = (of: string): number => Number(rows.find((row) => row.tenant === of)?.epoch);
  return { tenant: epoch(tenant), platform: epoch('*') };
}

/**
 * A process that commits without pause, each unit under the newest epochs it knows, until its standard input closes;
 * then it says what became of its units. It knows a new epoch only by being refused, as late as a process can.
 */
async function main(setup: StormSetup): Promise<void> {
  const db = await openDatabase({ url: setup.url, role: 'writer', allowUnsafeDurability: true, poolSize: 4 });
  const writer = await openWriter(setup.url, 2);
  const refused: Record<string, number> = {};
  const answered: string[] = [];
  let over = false;
  process.stdin.on('close', () => (over = true)).resume();

  async function advance(tenant: TenantId): Promise<void> {
    let epochs = await readEpochs(db, tenant);
    let last: Unit | null = null;
    while (!over) {
      const changes = { authority: epochs, journal: journalOf(epochs) };
      // A run ends after thirty units and another begins: creations pass the same fence.
      const unit: Unit = last && last.seq < 30 ? following(last, changes) : creating(tenant, changes);
      const outcome = await writer.commit(unit);
      if (outcome.kind === 'committed') {
        answered.push(unit.id);
        last = unit;
        continue;
      }
      refused[outcome.reason] = (refused[outcome.reason] ?? 0) + 1;
      if (outcome.reason !== 'authority') throw new Error(`unit ${unit.seq} was refused: ${outcome.reason}`);
      epochs = await readEpochs(db, tenant);
    }
  }

  process.stdout.write('ready\n');
  await Promise.all(setup.tenants.flatMap((tenant) => Array.from({ length: setup.runs }, () => advance(tenant))));
  await writer.close();
  await db.close();
  process.stdout.write(`${JSON.stringify({ committed: answered.length, refused, answered } satisfies StormTold)}\n`);
}

if (require.main === module) {
  main(JSON.parse(process.argv[2]!) as StormSetup).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
