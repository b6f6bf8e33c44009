import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { until } from './until';

/** What was found of one tenant's log. */
export interface CheckedLog {
  readonly tenant: string;
  readonly generation: number;
  readonly size: number;
  readonly checkpoints: number;
  /** Events that stand in no log yet. */
  readonly unsealed: number;
}

interface UnitRow {
  run: string;
  seq: number;
  hashes: Buffer;
  events: string;
}
interface SpanRow {
  first_index: string;
  run: string;
  seq: number;
  count: number;
}

const sha256 = (...parts: readonly Buffer[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Roots of a growing tree, by the definition (RFC 6962 §2.1) and with nothing of the product's own: a stack of complete
 * subtrees.
 */
class Roots {
  readonly #stack: { height: number; hash: Buffer }[] = [];

  add(leaf: Buffer): void {
    let top = { height: 0, hash: leaf };
    for (;;) {
      const left = this.#stack.at(-1);
      if (left?.height !== top.height) break;
      this.#stack.pop();
      top = { height: top.height + 1, hash: sha256(NODE, left.hash, top.hash) };
    }
    this.#stack.push(top);
  }

  root(): Buffer {
    if (this.#stack.length === 0) return sha256();
    return this.#stack.map(({ hash }) => hash).reduceRight((right, left) => sha256(NODE, left, right));
  }
}

/**
 * Reads every log whole and holds it against the evidence: no index is missing or given twice, no unit is in it twice,
 * runs stand in their order, tiles and all checkpoints are those of these very entries, the signatures hold, and the
 * checkpoints kept outside lead here. Throws with every fault found. Ends each scenario of the log.
 *
 * Outside is written after the commit, up to half a second later: where a log was opened anew it is waited for.
 */
export async function verifyLog(
  db: Client,
  options: { readonly outside?: string; readonly allSealed?: boolean } = {},
): Promise<CheckedLog[]> {
  const { outside, allSealed = false } = options;
  if (outside !== undefined) await until('the logs opened anew to be kept outside', () => followed(db, outside));
  // Read before the database is: what is kept is then never newer than what it is held against.
  const kept = outside === undefined ? new Map<string, Kept>() : readOutside(outside);
  // One moment: the log may grow meanwhile.
  await db.query('begin isolation level repeatable read read only');
  try {
    return await verifyAll(db, { kept, allSealed });
  } finally {
    await db.query('rollback');
  }
}

/** Whether every checkpoint kept outside is of the generation its log is in. */
async function followed(db: Client, outside: string): Promise<boolean> {
  const { rows } = await db.query<Head>(`select tenant, generation, 0 as size from writ.log_head`);
  const kept = readOutside(outside);
  return rows.every((head) => (kept.get(head.tenant)?.origin ?? originOf(head)) === originOf(head));
}

interface Checks {
  readonly kept: ReadonlyMap<string, Kept>;
  readonly allSealed: boolean;
}

async function verifyAll(db: Client, checks: Checks): Promise<CheckedLog[]> {
  const { rows } = await db.query<{ tenant: string; generation: number; size: string }>(
    `select t.tenant, coalesce(h.generation, 1) as generation, coalesce(h.size, 0) as size
       from (select distinct tenant from writ.audit_unit union select tenant from writ.log_head) t
       left join writ.log_head h on h.tenant = t.tenant order by t.tenant`,
  );
  const faults: string[] = [];
  const checked: CheckedLog[] = [];
  for (const row of rows) {
    const fault = (text: string): void => void faults.push(`${row.tenant}: ${text}`);
    const head = { tenant: row.tenant, generation: row.generation, size: Number(row.size) };
    checked.push(await verifyOne(db, head, { ...checks, fault }));
  }
  if (faults.length > 0) {
    throw new Error(`the log does not hold (${faults.length} faults):\n- ${faults.slice(0, 20).join('\n- ')}`);
  }
  return checked;
}

type Report = (text: string) => void;
interface Head {
  readonly tenant: string;
  readonly generation: number;
  readonly size: number;
}

async function verifyOne(
  db: Client,
  head: Head,
  { kept: keptOf, allSealed, fault }: Checks & { readonly fault: Report },
): Promise<CheckedLog> {
  const units = new Map<string, UnitRow>();
  const stored = await db.query<UnitRow>(
    `select run, seq, hashes, writ.audit_lines(u) as events from writ.audit_unit u where tenant = $1`,
    [head.tenant],
  );
  for (const unit of stored.rows) units.set(`${unit.run} ${unit.seq}`, unit);
  const { entries, placed } = await readEntries(db, head, { units, fault });
  const roots = new Map<number, Buffer>();
  const tree = new Roots();
  roots.set(0, tree.root());
  const wanted = new Set(
    (
      await db.query<{ size: string }>(`select size from writ.log_checkpoint where tenant = $1 and generation = $2`, [
        head.tenant,
        head.generation,
      ])
    ).rows.map(({ size }) => Number(size)),
  );
  const kept = keptOf.get(head.tenant);
  if (kept) wanted.add(kept.size);
  entries.forEach((entry, i) => {
    tree.add(sha256(LEAF, entry));
    if (wanted.has(i + 1)) roots.set(i + 1, tree.root());
  });
  await checkTiles(db, head, { entries, fault });
  const checkpoints = await checkCheckpoints(db, head, { roots, fault });
  if (kept) checkKept(kept, head, { roots, fault });
  const unsealed = [...units.values()]
    .filter((unit) => !placed.has(`${unit.run} ${unit.seq}`))
    .reduce((sum, unit) => sum + unit.hashes.length / 32, 0);
  if (allSealed && unsealed > 0) fault(`${unsealed} events are not sealed`);
  return { tenant: head.tenant, generation: head.generation, size: head.size, checkpoints, unsealed };
}

/** The entries in their order: contiguous, each unit once, each run in its order, each hash that of its line. */
async function readEntries(
  db: Client,
  head: Head,
  { units, fault }: { readonly units: ReadonlyMap<string, UnitRow>; readonly fault: Report },
): Promise<{ readonly entries: Buffer[]; readonly placed: ReadonlySet<string> }> {
  const { rows } = await db.query<SpanRow>(
    `select first_index, run, seq, count from writ.log_span where tenant = $1 and generation = $2 order by first_index`,
    [head.tenant, head.generation],
  );
  const entries: Buffer[] = [];
  const placed = new Set<string>();
  const next = new Map<string, number>();
  for (const span of rows) {
    const name = `${span.run} ${span.seq} + ${span.count}`;
    if (Number(span.first_index) !== entries.length)
      fault(`${name} stands at ${span.first_index}, not ${entries.length}`);
    if ((next.get(span.run) ?? 0) > span.seq) fault(`${name} is sealed twice, or after a later one of its run`);
    const end = span.seq + span.count;
    next.set(span.run, end);
    for (let seq = span.seq; seq < end;) {
      const unit = units.get(`${span.run} ${seq}`);
      if (!unit) {
        fault(`${name}: no unit begins at ${seq}`);
        break;
      }
      placed.add(`${span.run} ${seq}`);
      const hashes = unit.events.split('\n').map((line) => sha256(Buffer.from(line)));
      if (!Buffer.concat(hashes).equals(unit.hashes)) fault(`${name}: other hashes than the events of ${seq}`);
      entries.push(...hashes);
      seq += hashes.length;
      if (seq > end) fault(`${name} ends within a unit`);
    }
  }
  if (entries.length !== head.size) fault(`the head says ${head.size} events, ${entries.length} have an index`);
  return { entries, placed };
}

/** Every complete tile is there, no other is, and each holds the hashes of its subtree. */
async function checkTiles(
  db: Client,
  head: Head,
  { entries, fault }: { readonly entries: readonly Buffer[]; readonly fault: Report },
): Promise<void> {
  const { rows } = await db.query<{ level: number; n: string; hashes: Buffer; root: Buffer }>(
    `select level, n, hashes, root from writ.log_tile where tenant = $1 and generation = $2`,
    [head.tenant, head.generation],
  );
  const stored = new Map(rows.map((row) => [`${row.level}/${row.n}`, row]));
  let row = entries.map((entry) => sha256(LEAF, entry));
  for (let level = 0; row.length > 0; level++) {
    const above: Buffer[] = [];
    for (let n = 0; (n + 1) * 256 <= row.length; n++) {
      const hashes = row.slice(n * 256, (n + 1) * 256);
      const tree = new Roots();
      hashes.forEach((hash) => tree.add(hash));
      above.push(tree.root());
      const tile = stored.get(`${level}/${n}`);
      stored.delete(`${level}/${n}`);
      if (!tile) fault(`tile ${level}/${n} is missing`);
      else if (!tile.hashes.equals(Buffer.concat(hashes))) fault(`tile ${level}/${n} holds other hashes`);
      else if (!tile.root.equals(tree.root())) fault(`tile ${level}/${n} has another root`);
    }
    row = above;
  }
  for (const name of stored.keys()) fault(`tile ${name} is of no complete subtree`);
}

interface Kept {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly body: string;
  readonly signatures: readonly { readonly name: string; readonly keyId: string; readonly signature: Buffer }[];
}

/** A signed note, read by hand. */
export function readNote(text: string): Kept {
  const cut = text.lastIndexOf('\n\n');
  const body = text.slice(0, cut + 1);
  const [origin = '', size = '', root = ''] = body.split('\n');
  const signatures = text
    .slice(cut + 2)
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, name = '', encoded = ''] = line.split(' ');
      const bytes = Buffer.from(encoded, 'base64');
      return { name, keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
    });
  return { origin, size: Number(size), root: Buffer.from(root, 'base64'), body, signatures };
}

const originOf = ({ tenant, generation }: Head): string =>
  generation === 1 ? `writ/${tenant}` : `writ/${tenant}/${generation}`;

async function checkCheckpoints(
  db: Client,
  head: Head,
  { roots, fault }: { readonly roots: ReadonlyMap<number, Buffer>; readonly fault: Report },
): Promise<number> {
  const values = [head.tenant, head.generation];
  const keys = await db.query<{ key_id: string; vkey: string; from_size: string | null }>(
    `select key_id, vkey, from_size from writ.log_key where tenant = $1 and generation = $2 order by from_size nulls last`,
    values,
  );
  const { rows } = await db.query<{ size: string; root: Buffer; text: string }>(
    `select size, root, text from writ.log_checkpoint where tenant = $1 and generation = $2 order by size`,
    values,
  );
  for (const row of rows) {
    const size = Number(row.size);
    const note = readNote(row.text);
    const name = `the checkpoint of ${size}`;
    if (note.origin !== originOf(head) || note.size !== size) fault(`${name} says ${note.origin} ${note.size}`);
    if (!note.root.equals(row.root) || roots.get(size)?.equals(row.root) !== true) fault(`${name} has another root`);
    const due = keys.rows.filter((key) => key.from_size !== null && Number(key.from_size) <= size).at(-1);
    const by = note.signatures.find((signature) => signature.keyId === due?.key_id);
    if (!due || !by || !holds(due.vkey, note.body, by.signature)) fault(`${name} is not signed by the key of its time`);
    for (const { keyId, signature } of note.signatures) {
      const key = keys.rows.find(({ key_id }) => key_id === keyId);
      if (!key || !holds(key.vkey, note.body, signature)) fault(`${name} bears a signature that does not hold`);
    }
  }
  const newest = Number(rows.at(-1)?.size ?? 0);
  if (newest !== head.size) fault(`the newest checkpoint is of ${newest} events, the head of ${head.size}`);
  return rows.length;
}

function holds(vkey: string, body: string, signature: Buffer): boolean {
  const raw = Buffer.from(vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(body), key, signature);
}

function readOutside(folder: string): Map<string, Kept> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.checkpoint')) : [];
  return new Map(
    names.map((name) => {
      const log = name.slice(0, -'.checkpoint'.length);
      return [log === '@platform' ? '*' : log, readNote(readFileSync(join(folder, name), 'utf8'))];
    }),
  );
}

function checkKept(
  kept: Kept,
  head: Head,
  { roots, fault }: { readonly roots: ReadonlyMap<number, Buffer>; readonly fault: Report },
): void {
  if (kept.origin !== originOf(head)) fault(`the checkpoint outside is of ${kept.origin}`);
  else if (roots.get(kept.size)?.equals(kept.root) !== true)
    fault(`the checkpoint outside (${kept.size}) leads elsewhere`);
}
