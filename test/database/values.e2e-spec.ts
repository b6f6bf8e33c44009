import fc from 'fast-check';
import type { Unit } from '@writ/database';
import { type AuditDraft, extendChain } from '@writ/audit';
import { newId, sha256Hex } from '@writ/kernel';
import { unitOfEvidence } from '../support/evidence';
import { Ledger } from '../support/ledger';
import { creating, following } from '../support/units';

let ledger: Ledger;

beforeAll(async () => {
  ledger = await Ledger.open();
});

afterAll(() => ledger?.close());

const SEED = Number(process.env['WRIT_SEED'] ?? 20_261_122);
process.stdout.write(`values: seed ${SEED}\n`);

interface Kept {
  id: string;
  status: string;
  wait: string | null;
  wake_us: string | null;
  deadline_us: string | null;
  idempotency_key: string | null;
  request_digest: string | null;
  trace_id: string | null;
  initiator: string;
  lease_owner: string | null;
  next_seq: number;
  journal: string;
  audit: string;
  hashes: Buffer;
  chain_head: string;
}

async function keptOf(units: readonly Unit[]): Promise<ReadonlyMap<string, Kept>> {
  const { rows } = await ledger.outsider.query<Kept>(
    `select r.*, (extract(epoch from r.wake_at) * 1000000)::bigint as wake_us,
            (extract(epoch from r.deadline_at) * 1000000)::bigint as deadline_us, j.events as journal, a.events as audit, a.hashes
       from writ.run r
       join writ.journal j on j.tenant = r.tenant and j.run = r.id
       join writ.audit_unit a on a.tenant = j.tenant and a.run = j.run and a.unit = j.unit
      where j.unit = any ($1)`,
    [units.map(({ id }) => id)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

const microseconds = (ms: number | null): string | null => (ms === null ? null : String(BigInt(ms) * 1000n));

async function sentAndKept(units: readonly Unit[]): Promise<readonly (readonly [Unit, Kept])[]> {
  const outcomes = await Promise.all(units.map((unit) => ledger.commit(unit)));
  expect(outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome : 'committed'))).toEqual(
    units.map(() => 'committed'),
  );
  const kept = await keptOf(units);
  return units.map((unit) => [unit, kept.get(unit.run)!] as const);
}

/** Any text Postgres can keep: every plane of Unicode, quotes, braces, backslashes, line ends; no NUL. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }),
    fc.constantFrom(
      'NULL',
      '{}',
      '{"a,b",NULL}',
      "'; drop table x; --",
      '\\\\x00',
      '\u{1F9FE}\u200d\uFEFF',
      '\n\r\t',
      ' ',
    ),
  )
  .map((value) => value.replaceAll('\u0000', 'x'))
  .filter((value) => value.isWellFormed());
/** Millisecond times from the year -4712 to the last that a Date can hold. */
const time = fc.integer({ min: -210_000_000_000_000, max: 8_640_000_000_000_000 });
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null, freq: 3 });

const sentUnit = fc.record({
  journal: text,
  audit: text,
  hashes: fc
    .uint8Array({ minLength: 32, maxLength: 96 })
    .map((bytes) => bytes.slice(0, bytes.length - (bytes.length % 32))),
  wait: optional(text),
  wakeAt: optional(time),
  deadlineAt: optional(time),
  requestDigest: optional(text),
  traceId: optional(text),
  initiator: text,
  keyed: fc.boolean(),
  leased: fc.boolean(),
  nextSeq: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

describe('what is sent is what is kept', () => {
  it('every text, time, number and hash of a batch, present or absent, in its own place', async () => {
    const batches = fc.array(sentUnit, { minLength: 1, maxLength: 40 });
    const property = fc.asyncProperty(batches, async (drawn) => {
      const units = drawn.map(({ hashes, deadlineAt, requestDigest, traceId, initiator, keyed, leased, ...unit }) =>
        creating(ledger.tenant, {
          ...unit,
          status: 'waiting_external',
          auditHashes: hashes,
          create: {
            deadlineAt,
            requestDigest,
            traceId,
            initiator,
            idempotencyKey: keyed ? `ключ ${newId('request')}` : null,
            leaseOwner: leased ? newId('worker') : null,
          },
        }),
      );
      for (const [unit, kept] of await sentAndKept(units)) {
        const create = unit.create!;
        expect(kept).toMatchObject({
          status: unit.status,
          wait: unit.wait,
          journal: unit.journal,
          audit: unit.audit,
          hashes: Buffer.from(unit.auditHashes),
          chain_head: Buffer.from(unit.auditHashes.slice(-32)).toString('hex'),
          next_seq: unit.nextSeq,
          idempotency_key: create.idempotencyKey,
          request_digest: create.requestDigest,
          trace_id: create.traceId,
          initiator: create.initiator,
          lease_owner: create.leaseOwner,
        });
        expect([kept.wake_us, kept.deadline_us]).toEqual([microseconds(unit.wakeAt), microseconds(create.deadlineAt)]);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: process.env['WRIT_SOAK'] === '1' ? 500 : 25 });
  }, 600_000);

  it('the same of a unit that moves a run on', async () => {
    const property = fc.asyncProperty(text, optional(text), optional(time), async (journal, wait, wakeAt) => {
      const unit = following(await ledger.run(), { journal, wait, wakeAt });
      const [[, kept]] = (await sentAndKept([unit])) as [readonly [Unit, Kept]];
      expect(kept.wait).toBe(wait);
      expect(kept.wake_us).toBe(microseconds(wakeAt));
      expect([...(await keptOf([unit])).values()][0]!.journal).toBe(journal);
    });
    await fc.assert(property, { seed: SEED, numRuns: 25 });
  });

  it('fractions of a millisecond to the microsecond', async () => {
    const unit = creating(ledger.tenant, { wakeAt: 1_800_000_000_000.123, wait: '{}' });
    const [[, kept]] = (await sentAndKept([unit])) as [readonly [Unit, Kept]];
    expect(kept.wake_us).toBe('1800000000000123');
  });

  it('epochs up to the largest number that is exact, and below zero', async () => {
    const own = await Ledger.open();
    const most = Number.MAX_SAFE_INTEGER;
    await own.outsider.query('update writ.authority_head set epoch = $2 where tenant = $1', [own.tenant, most]);
    const refused = { kind: 'refused', reason: 'authority' };
    for (const tenant of [most - 1, -1, -most, 2 ** 32 + 1]) {
      expect(await own.commit(creating(own.tenant, { authority: { tenant, platform: 1 } }))).toEqual(refused);
    }
    await own.put(creating(own.tenant, { authority: { tenant: most, platform: 1 } }));
    await own.close();
  });
});

describe('the evidence of a unit, as it lies', () => {
  interface Laid {
    readonly tenant: string;
    readonly run: string;
    readonly events: string;
    readonly hashes: Buffer;
  }

  /** What the database says the lines of such rows are. */
  async function linesOf(rows: readonly Laid[]): Promise<readonly string[]> {
    const { rows: read } = await ledger.outsider.query<{ lines: string }>(
      `select writ.audit_lines(row(u.tenant, u.run, 0, 'unt_0', u.events, u.hashes, now(), 0)::writ.audit_unit) as lines
         from unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) with ordinality as u (tenant, run, events, hashes, n)
        order by u.n`,
      [
        rows.map((row) => row.tenant),
        rows.map((row) => row.run),
        rows.map((row) => row.events),
        rows.map((row) => row.hashes),
      ],
    );
    return rows.map((_, i) => read[i]!.lines);
  }

  const head = { seq: 7, hash: sha256Hex('the event before') };
  const laid = (drafts: readonly AuditDraft[]) => {
    const { lines, packed, hashes } = extendChain(head, drafts);
    const { tenant, run } = drafts[0]!;
    return { lines: lines.join('\n'), row: { tenant, run, events: packed, hashes: Buffer.from(hashes) } };
  };
  const samples = (numRuns: number) => fc.sample(unitOfEvidence, { numRuns, seed: SEED }).map(laid);

  it('[I9] gives back the exact bytes that were hashed, packed or not', async () => {
    const all = samples(process.env['WRIT_SOAK'] === '1' ? 20_000 : 500);
    expect(await linesOf(all.map(({ row }) => row))).toEqual(all.map(({ lines }) => lines));
    // As units lay before they were packed.
    expect(await linesOf(all.map(({ row, lines }) => ({ ...row, events: lines })))).toEqual(
      all.map(({ lines }) => lines),
    );
  });

  it('[I9] that somebody changed is read as something else, and never fails to be read', async () => {
    const all = samples(300).map(({ row, lines }, i) => {
      const at = (i * 7919) % row.events.length;
      const other = row.events[at] === 'x' ? 'y' : 'x';
      return { lines, row: { ...row, events: row.events.slice(0, at) + other + row.events.slice(at + 1) } };
    });
    const read = await linesOf(all.map(({ row }) => row));
    // The version and the zeros of what a unit has not are no part of any event.
    const same = read.filter((lines, i) => lines === all[i]!.lines).length;
    expect(same).toBeLessThan(all.length / 4);
    const cut = all.map(({ row }) => ({ ...row, hashes: row.hashes.subarray(0, 5) }));
    expect(await linesOf(cut)).toHaveLength(cut.length);
  });
});
