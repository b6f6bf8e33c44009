import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { exportLog, KeyRing, LogReader } from '@writ/audit';
import { openDatabase } from '@writ/database';
import { functionTransport } from '@writ/gateways';
import { sha256Hex, type TenantId } from '@writ/kernel';
import { formatCheckpoint, formatNote, parseVkey, type Report, type VerifierKey, verifyExport } from '@writ/verify';
import { crashPolicy, payOrNote } from '../support/crash-documents';
import { databaseUrl, emptyDatabase, type FreshDatabase } from '../support/database';
import { logHome, type LogHome, openSequencer, unsealedUnits } from '../support/log-world';
import { openScenario } from '../support/scenario';
import { until } from '../support/until';
import { readNote } from '../support/verify-log';

const RUNS = 40;

/** What the owner of a database can do to it, with everything that keeps him from his own slips switched off. */
class Owner {
  private constructor(
    readonly client: Client,
    readonly tenant: TenantId,
    readonly home: LogHome,
  ) {}

  static async of(url: string, tenant: TenantId, home: LogHome): Promise<Owner> {
    const client = new Client(url);
    await client.connect();
    await client.query('set session_replication_role = replica');
    return new Owner(client, tenant, home);
  }

  async sql(text: string, values: readonly unknown[] = []): Promise<void> {
    await this.client.query(text, [this.tenant, ...values]);
  }

  async unitAt(index: number): Promise<{ run: string; seq: number; events: string; hashes: Buffer; at: number }> {
    const { rows } = await this.client.query(
      `select u.run, u.seq, writ.audit_lines(u) as events, u.hashes, ($2 - l.first_index - u.seq + l.seq)::int as at
         from writ.log_span l join writ.audit_unit u on u.tenant = l.tenant and u.run = l.run
        where l.tenant = $1 and u.seq >= l.seq and u.seq < l.seq + l.count
          and $2::bigint >= l.first_index + u.seq - l.seq
          and $2 < l.first_index + u.seq - l.seq + octet_length(u.hashes) / 32`,
      [this.tenant, index],
    );
    return rows[0] as Awaited<ReturnType<Owner['unitAt']>>;
  }

  async write(unit: { run: string; seq: number }, lines: readonly string[], hashes: readonly string[]): Promise<void> {
    const bytes = Buffer.from(hashes.join(''), 'hex');
    await this.sql(`update writ.audit_unit set events = $4, hashes = $5 where tenant = $1 and run = $2 and seq = $3`, [
      unit.run,
      unit.seq,
      lines.join('\n'),
      bytes,
    ]);
  }

  /** Another line at an index; `hashed`: with its hash beside it, as a careful forger would. */
  async edit(index: number, change: (line: string) => string, hashed = false): Promise<void> {
    const unit = await this.unitAt(index);
    const lines = unit.events.split('\n');
    lines[unit.at] = change(lines[unit.at]!);
    const hashes = lines.map((line, i) =>
      hashed ? sha256Hex(line) : unit.hashes.subarray(i * 32, i * 32 + 32).toString('hex'),
    );
    await this.write(unit, lines, hashes);
  }

  /** Changes a letter of what a unit says once, for all its events; answers the index of the first of them. */
  async scratch(index: number): Promise<number> {
    const unit = await this.unitAt(index);
    await this.sql(
      `update writ.audit_unit
          set events = overlay(events placing (case substr(events, 30, 1) when 'x' then 'y' else 'x' end) from 30)
        where tenant = $1 and run = $2 and seq = $3`,
      [unit.run, unit.seq],
    );
    return index - unit.at;
  }

  newest = async (): Promise<{ size: number; text: string }> => {
    const { rows } = await this.client.query<{ size: string; text: string }>(
      `select size, text from writ.log_checkpoint where tenant = $1 order by size desc limit 1`,
      [this.tenant],
    );
    return { size: Number(rows[0]!.size), text: rows[0]!.text };
  };

  /** Cuts the log back to an earlier checkpoint, without a trace inside the database. */
  async truncate(): Promise<void> {
    const { rows } = await this.client.query<{ size: string }>(
      `select size from writ.log_checkpoint where tenant = $1 order by size desc offset 1 limit 1`,
      [this.tenant],
    );
    const size = rows[0]!.size;
    await this.sql(
      `delete from writ.audit_unit u using writ.log_span l where u.tenant = $1 and l.tenant = $1 and l.run = u.run
          and u.seq >= l.seq and u.seq < l.seq + l.count and l.first_index >= $2`,
      [size],
    );
    await this.sql(`delete from writ.log_span where tenant = $1 and first_index >= $2`, [size]);
    await this.sql(`delete from writ.log_checkpoint where tenant = $1 and size > $2`, [size]);
    await this.sql(`update writ.log_head set size = $2 where tenant = $1`, [size]);
  }

  /** Seals everything again, from the start, with the log's own key: a second history under the same name. */
  async fork(index: number): Promise<void> {
    await this.edit(index, (line) => line.replace('"time":"2', '"time":"3'), true);
    for (const table of ['log_span', 'log_tile', 'log_checkpoint', 'log_key', 'log_head']) {
      await this.client.query(`delete from writ.${table}`);
    }
    await this.client.query(`update writ.log_lease set snapshot = '1:1:', owner = null, beat_at = 'epoch'`);
    const elsewhere = join(this.home.folder, 'elsewhere');
    mkdirSync(elsewhere);
    const { host, port, database } = this.client;
    const url = new URL(databaseUrl(database!));
    url.host = `${host}:${port}`;
    const open = await openSequencer(url.href, { ...this.home, checkpoints: elsewhere });
    await until('the fork to be sealed', async () => (await unsealedUnits(this.client)) === 0);
    await open.close();
  }

  /** The newest checkpoint over another root, signed by whoever has a key. */
  async resign(ring: KeyRing): Promise<void> {
    const { size, text } = await this.newest();
    const { origin, root } = readNote(text);
    const forged = { origin, size, root: Buffer.from(sha256Hex(root), 'hex') };
    const key = ring.newest();
    const { name, keyId } = key.verifier(origin);
    const body = formatCheckpoint(forged);
    const note = formatNote({ text: body, signatures: [{ name, keyId, signature: key.sign(body) }] });
    await this.sql(`update writ.log_checkpoint set text = $3, root = $4 where tenant = $1 and size = $2`, [
      size,
      note,
      forged.root,
    ]);
  }
}

const swapped = (line: string): string =>
  line.replace(/"run_seq":(\d+)/, (_, n: string) => `"run_seq":${Number(n) + 1}`);

/**
 * What is done at an index; an act that begins elsewhere answers where. `exact`: the first problem names that index,
 * otherwise one of its range; `no`: everything inside fits, and only the checkpoint outside tells.
 */
type Case = [
  what: string,
  index: number,
  act: (owner: Owner, index: number) => Promise<number | void>,
  named: 'exact' | 'range' | 'no',
];

const CASES: readonly Case[] = [
  ['one byte of an event', 40, (owner, at) => owner.edit(at, (line) => line.replace('"type"', '"typf"')), 'exact'],
  [
    'an argument, its hash made to fit',
    41,
    (owner, at) => owner.edit(at, (line) => line.replace('"time":"2', '"time":"3'), true),
    'exact',
  ],
  ['one letter of a unit as it lies', 50, (owner, at) => owner.scratch(at), 'exact'],
  ['an event of the last, partial tile', 300, (owner, at) => owner.edit(at, swapped), 'exact'],
  ['the same, its hash made to fit', 300, (owner, at) => owner.edit(at, swapped, true), 'range'],
  [
    'a whole unit taken out',
    60,
    async (owner, at) => {
      const unit = await owner.unitAt(at);
      await owner.sql(`delete from writ.audit_unit where tenant = $1 and run = $2 and seq = $3`, [unit.run, unit.seq]);
      return at - unit.at;
    },
    'exact',
  ],
  [
    'an event slipped into a unit',
    70,
    async (owner, at) => {
      const unit = await owner.unitAt(at);
      const lines = unit.events.split('\n');
      await owner.write(
        unit,
        [...lines, lines[0]!],
        lines.map((_, i) => unit.hashes.subarray(i * 32, i * 32 + 32).toString('hex')),
      );
      // What does not fit its hashes shows at the last of the unit.
      return at - unit.at + lines.length - 1;
    },
    'range',
  ],
  [
    'two events of a unit exchanged',
    80,
    async (owner, at) => {
      let index = at;
      while ((await owner.unitAt(index)).events.split('\n').length < 2) index += 1;
      const unit = await owner.unitAt(index);
      const lines = unit.events.split('\n');
      const [first = '', second = '', ...rest] = lines;
      await owner.write(
        unit,
        [second, first, ...rest],
        [second, first, ...rest].map((line) => sha256Hex(line)),
      );
      return index - unit.at;
    },
    'range',
  ],
  [
    'two runs exchanged in the log',
    0,
    async (owner) => {
      const { rows } = await owner.client.query<{ run: string; first_index: string }>(
        `select run, first_index from writ.log_span a where tenant = $1 and run <> 'tenant'
            and exists (select from writ.log_span b where b.tenant = $1 and b.run <> a.run and b.run <> 'tenant' and b.count = a.count)
          order by count desc, first_index limit 2`,
        [owner.tenant],
      );
      const [a, b] = rows;
      await owner.client.query('alter table writ.log_span drop constraint log_span_place');
      return owner.sql(
        `update writ.log_span set first_index = case run when $2 then $4::bigint else $3::bigint end
          where tenant = $1 and run in ($2, $5)`,
        [a!.run, a!.first_index, b!.first_index, b!.run],
      );
    },
    'no',
  ],
  ['the end cut off', 0, (owner) => owner.truncate(), 'no'],
  ['a second history, sealed with the log’s own key', 90, (owner, at) => owner.fork(at), 'no'],
  [
    'a newest checkpoint by another key',
    0,
    (owner) => owner.resign(new KeyRing({ file: join(owner.home.folder, 'strange') })),
    'no',
  ],
  [
    'a newest checkpoint over another root, by the log’s key',
    0,
    (owner) => owner.resign(new KeyRing({ file: owner.home.keyFile })),
    'no',
  ],
  [
    'a tile',
    30,
    (owner) =>
      owner.sql(
        `update writ.log_tile set hashes = set_byte(hashes, 32 * 30, get_byte(hashes, 32 * 30) # 1) where tenant = $1`,
      ),
    'range',
  ],
  ['the places of the events gone', 0, (owner) => owner.sql(`delete from writ.log_span where tenant = $1`), 'no'],
];

describe('a log whose owner tampered with it', () => {
  let world: FreshDatabase;
  let home: LogHome;
  let tenant: TenantId;
  let trust: { readonly keys: VerifierKey[]; readonly checkpoints: string[] };

  beforeAll(async () => {
    home = logHome();
    world = await emptyDatabase();
    const { runMigrations } = await import('@writ/database');
    await runMigrations(world.url);
    const scenario = await openScenario({
      documents: payOrNote,
      policy: crashPolicy,
      ownerUrl: world.url,
      doors: (open) => ({
        models: { complete: () => Promise.reject(new Error('no model')) },
        tools: functionTransport({ open, functions: { note: () => 1, pay: () => 1 } }),
      }),
    });
    tenant = scenario.tenant;
    const open = await openSequencer(world.url, home);
    for (let i = 0; i < RUNS; i++) {
      await scenario.engine.commands.start({ tenant, caller: scenario.caller, workflow: 'note_five', input: { i } });
    }
    await until('all to be sealed', async () => {
      const { rows } = await scenario.outsider.query<{ n: number }>(
        `select count(*)::int as n from writ.run where finished_at is null`,
      );
      return rows[0]!.n === 0 && (await unsealedUnits(scenario.outsider)) === 0;
    });
    await open.close();
    const keys = await scenario.db.withTenant(tenant, async (tx) => (await new LogReader(tx, tenant).status()).keys);
    trust = {
      keys: keys.map(({ vkey }) => {
        const parsed = parseVkey(vkey);
        if (!parsed.ok) throw new Error(parsed.failure.message);
        return parsed.value;
      }),
      checkpoints: [readFileSync(join(home.checkpoints, `${tenant}.checkpoint`), 'utf8')],
    };
    await scenario.close();
  });

  afterAll(async () => {
    await world.drop();
    home.remove();
  });

  async function check(url: string): Promise<Report> {
    const db = await openDatabase({ url, role: 'reader', allowUnsafeDurability: true });
    try {
      const lines = await exportLog(db, tenant, { policies: true, now: Date.now() });
      if (!lines) throw new Error('nothing to export');
      return await verifyExport(lines, { trust });
    } finally {
      await db.close();
    }
  }

  /** A copy of the world, so that each case begins with a log that nobody touched. */
  const copy = (): Promise<FreshDatabase> => emptyDatabase(new URL(world.url).pathname.slice(1));

  it('[I9] verifies whole before anybody did', async () => {
    const report = await check(world.url);
    expect([report.verdict, report.problems, report.hidden, report.unsealed]).toEqual(['intact', [], 0, 0]);
    expect(report.events).toBeGreaterThan(400);
    expect(report.runs).toBe(RUNS + 1);
    expect(report.outside).toMatchObject([{ size: report.size }]);
  });

  it('loses nothing with its tiles, which its events make again', async () => {
    const fresh = await copy();
    const owner = await Owner.of(fresh.url, tenant, home);
    await owner.sql(`delete from writ.log_tile where tenant = $1`);
    await owner.client.end();
    expect(await check(fresh.url)).toMatchObject({ verdict: 'intact', hidden: 0 });
    await fresh.drop();
  });

  it.each(CASES)(
    '[I9] %s (at %i) is found against the checkpoint outside',
    async (_what, index, act, named) => {
      const fresh = await copy();
      const mine: LogHome = logHome();
      copyFileSync(home.keyFile, mine.keyFile);
      const owner = await Owner.of(fresh.url, tenant, mine);
      const first = (await act(owner, index)) ?? index;
      await owner.client.end();
      const report = await check(fresh.url);
      expect(report.verdict).toBe('broken');
      const [problem] = report.problems.filter((one) => one.index !== null);
      if (named === 'exact') expect(problem).toMatchObject({ index: first });
      if (named === 'range') {
        expect(problem!.index).toBeLessThanOrEqual(first);
        expect(problem!.through ?? problem!.index).toBeGreaterThanOrEqual(first);
      }
      if (named === 'no') expect(problem ?? report.problems[0]).toBeDefined();
      await fresh.drop();
      mine.remove();
    },
    400_000,
  );
});
