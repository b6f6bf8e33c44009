import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  beat,
  claimRun,
  type EmbeddedPostgres,
  insertMail,
  pollMail,
  startEmbeddedPostgres,
  sweep,
} from '@writ/database';
import { newId } from '@writ/kernel';
import { checkLedger, Ledger } from '../support/ledger';
import { creating, following } from '../support/units';

/** The newest Postgres that the machine itself has: Debian's versioned folders, or PATH. */
function installed(): string | null {
  const debian = '/usr/lib/postgresql';
  const folders = existsSync(debian) ? readdirSync(debian) : [];
  const onPath = spawnSync('postgres', ['--version'], { encoding: 'utf8' }).stdout?.match(/(\d+)[.]/)?.[1];
  return [...folders].sort((a, b) => Number(b) - Number(a))[0] ?? onPath ?? null;
}

const major = installed();
const suite = major === null ? describe.skip : describe;
if (major === null)
  console.warn('SKIPPED: no Postgres of the system; schema and statements ran on the packaged one only');

suite(`on the Postgres of this machine${major === null ? '' : ` (${major})`}`, () => {
  let dir: string;
  let server: EmbeddedPostgres;
  let ledger: Ledger;
  const shared = process.env['WRIT_TEST_CLUSTER'];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'writ-system-'));
    server = await startEmbeddedPostgres({ dir, source: 'system', fsync: 'off', maxConnections: 60 });
    process.env['WRIT_TEST_CLUSTER'] = server.url;
    ledger = await Ledger.open();
  });

  afterAll(async () => {
    await ledger?.close();
    process.env['WRIT_TEST_CLUSTER'] = shared;
    await server?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is the server that answers', () => {
    expect(server.version.split('.')[0]).toBe(major);
  });

  it('[I2] [I3] units are created, committed, recognised and refused as everywhere', async () => {
    const { tenant } = ledger;
    const runs = await Promise.all(Array.from({ length: 40 }, () => ledger.run()));
    const next = runs.map((unit, i) => following(unit, i % 4 === 0 ? { leaseEpoch: 9 } : {}));
    const outcomes = await Promise.all(next.map((unit) => ledger.commit(unit)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(next.map((_, i) => (i % 4 === 0 ? 'refused' : 'committed')));
    expect((await ledger.commit(next[1]!)).kind).toBe('committed');
    expect(await ledger.commit(runs[1]!)).toMatchObject({ kind: 'committed' });
    expect(await ledger.commit(following(runs[1]!))).toEqual({ kind: 'refused', reason: 'sequence' });
    const poisoned = following(runs[4]!, { status: 'nonsense' as 'running' });
    expect(await ledger.commit(poisoned)).toEqual({ kind: 'refused', reason: 'poisoned', detail: '23514' });
    await ledger.raise(tenant);
    expect(await ledger.commit(following(next[1]!))).toEqual({ kind: 'refused', reason: 'authority' });
    expect((await checkLedger(ledger.outsider)).size).toBe(40 + 30);
  });

  it('[I8] leases, mail and the sweep work', async () => {
    const { tenant, db } = ledger;
    const { run } = await ledger.put(
      creating(tenant, {
        leaseEpoch: 0,
        authority: { tenant: 2, platform: 1 },
        status: 'queued',
        create: { leaseOwner: null },
      }),
    );
    expect((await sweep(db, { limit: 1000 })).map((due) => due.run)).toContain(run);
    const worker = newId('worker');
    await beat(db, { worker, build: 'test', places: 1 });
    expect(await claimRun(db, { tenant, run, worker })).toMatchObject({ nextSeq: 1, takenOver: false });
    const mail = { tenant, run, id: newId('mail'), kind: 'signal', body: '{}', dedup: null, sender: 'user:x' } as const;
    expect(await db.withTenant(tenant, (tx) => insertMail(tx, mail))).toBe(true);
    expect(await pollMail(db, [{ tenant, run }])).toHaveLength(1);
    expect((await sweep(db, { limit: 1000 })).map((due) => due.run)).not.toContain(run);
  });
});
