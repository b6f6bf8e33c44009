import type { Tx } from '@writ/database';
import type { RunId } from '@writ/kernel';
import type { LogName } from './log-rows';
import { HASH_BYTES, StoredTiles, TILE_WIDTH } from './tiles';

/** One line of an export that is an event, and the leaf the log has for it. */
export interface ExportedEvent {
  readonly index: number;
  readonly raw: string;
  readonly leaf: Uint8Array;
}

/** What of a log of `size` events is read. */
export interface EventsWish {
  readonly log: LogName;
  readonly size: number;
  readonly run?: RunId | 'tenant';
  /** Indices, both inclusive. */
  readonly first: number;
  readonly last: number;
  readonly shows?: (event: { readonly index: number; readonly raw: string }) => boolean;
  /** Sequences, in the tenant's stream, of events that announce keys: they are shown whatever was wished. */
  readonly announced: readonly number[];
}

/** Reads in a short transaction bound to the log's tenant. */
export type Read = <T>(fn: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Stands for an event that the log has and the database has no longer: the leaf beside it is another's, so the verifier
 * names the place. Leaving it out would make a hole look like something nobody asked for.
 */
const MISSING = '{}';

interface UnitRow {
  readonly span: string;
  readonly count: number;
  readonly run: string;
  /** First index of the unit; null where the database has no unit for the span. */
  readonly first: string | null;
  readonly seq: number | null;
  readonly events: string | null;
  readonly n: number | null;
}

/** Spans read at once: at most some 256 events each. */
const PAGE_SPANS = 40;

/** The units of those spans of a log that a condition on `writ.log_span` chooses, by index. */
const unitsOf = (spans: string): string => `
  SELECT l.first_index AS span, l.count, l.run, l.first_index + u.seq - l.seq AS first, u.seq, writ.audit_lines(u) AS events,
         octet_length(u.hashes) / 32 AS n
    FROM (SELECT * FROM writ.log_span WHERE tenant = $1 AND generation = $2 AND ${spans}) l
    LEFT JOIN writ.audit_unit u
      ON u.tenant = l.tenant AND u.run = l.run AND u.seq >= l.seq AND u.seq < l.seq + l.count
   ORDER BY 1, 4`;
const PAGE = unitsOf('first_index >= $3 AND first_index < $4 ORDER BY first_index LIMIT $5');
const CHOSEN = unitsOf('first_index = ANY ($3::bigint[])');

/** The events of a wish, by index. Every index that was wished for comes, also where its event is gone. */
export async function* exportedEvents(read: Read, wish: EventsWish): AsyncGenerator<ExportedEvent> {
  const leaves = new Leaves(read, wish);
  let next = wish.run === undefined ? wish.first : 0;
  const missing = async function* (to: number): AsyncGenerator<ExportedEvent> {
    for (; next < Math.min(to, wish.size); next++) {
      if (next < wish.first || next > wish.last) continue;
      yield { index: next, raw: MISSING, leaf: await leaves.at(next) };
    }
  };
  let span: UnitRow | null = null;
  for await (const row of wish.run === undefined ? everySpan(read, wish) : spansOfRun(read, wish, wish.run)) {
    if (wish.run !== undefined && row.span !== span?.span) {
      if (span?.run === wish.run) yield* missing(Number(span.span) + span.count);
      next = Number(row.span);
    }
    span = row;
    if (row.first === null || row.events === null) continue;
    const other = wish.run !== undefined && row.run !== wish.run;
    if (other) next = Number(row.first);
    else yield* missing(Number(row.first));
    for (const [i, raw] of linesOf(row.events, row.n ?? 0).entries()) {
      const index = Number(row.first) + i;
      if (index < next || index >= wish.size) continue;
      next = index + 1;
      const wished = !other && index >= wish.first && index <= wish.last && (wish.shows?.({ index, raw }) ?? true);
      if (wished || announces(wish, row, i)) yield { index, raw, leaf: await leaves.at(index) };
    }
  }
  if (wish.run === undefined) yield* missing(wish.last + 1);
  else if (span?.run === wish.run) yield* missing(Number(span.span) + span.count);
}

const announces = ({ announced }: EventsWish, row: UnitRow, i: number): boolean =>
  row.run === 'tenant' && announced.includes((row.seq ?? 0) + i);

/** As many lines as there are hashes. What is too much stands in the last one, which then is not what it was. */
function linesOf(events: string, n: number): string[] {
  const lines = events.split('\n');
  if (lines.length <= n) return lines;
  return [...lines.slice(0, n - 1), lines.slice(n - 1).join('')];
}

/** Every span of the range, or of the whole log where keys were announced in it. */
async function* everySpan(read: Read, wish: EventsWish): AsyncGenerator<UnitRow> {
  const { log, size } = wish;
  const [first, last] = wish.announced.length === 0 ? [wish.first, wish.last] : [0, size - 1];
  let from = await read((tx) => spanAt(tx, log, first));
  while (from < size && from <= last) {
    const page = await read((tx) => tx.query<UnitRow>(PAGE, [log.tenant, log.generation, from, size, PAGE_SPANS]));
    const end = page.at(-1);
    if (!end) return;
    yield* page;
    from = Number(end.span) + end.count;
  }
}

/** The spans of one run and those where keys are announced. */
async function* spansOfRun(read: Read, wish: EventsWish, run: RunId | 'tenant'): AsyncGenerator<UnitRow> {
  const { log, announced } = wish;
  const places = await read((tx) =>
    tx.query<{ first: string }>(
      `SELECT first_index AS first FROM writ.log_span WHERE tenant = $1 AND run = $3 AND generation = $2
       UNION
       SELECT s.first_index FROM unnest($4::int[]) a (seq), writ.log_span s
        WHERE s.tenant = $1 AND s.generation = $2 AND s.run = 'tenant' AND s.seq <= a.seq AND s.seq + s.count > a.seq
       ORDER BY 1`,
      [log.tenant, log.generation, run, announced],
    ),
  );
  for (let at = 0; at < places.length; at += PAGE_SPANS) {
    const firsts = places.slice(at, at + PAGE_SPANS).map(({ first }) => first);
    yield* await read((tx) => tx.query<UnitRow>(CHOSEN, [log.tenant, log.generation, firsts]));
  }
}

/** First index of the span that holds an index. */
async function spanAt(tx: Tx, log: LogName, index: number): Promise<number> {
  const [row] = await tx.query<{ first: string | null }>(
    `SELECT max(first_index) AS first FROM writ.log_span WHERE tenant = $1 AND generation = $2 AND first_index <= $3`,
    [log.tenant, log.generation, index],
  );
  return Number(row?.first ?? 0);
}

/** The log's own leaves, a tile at a time: kept when they were sealed, not made of what the database says now. */
class Leaves {
  #held: { readonly tile: number; readonly hashes: Uint8Array } | null = null;

  constructor(
    private readonly read: Read,
    private readonly wish: EventsWish,
  ) {}

  async at(index: number): Promise<Uint8Array> {
    const tile = Math.floor(index / TILE_WIDTH);
    if (this.#held?.tile !== tile) {
      const width = Math.min(TILE_WIDTH, this.wish.size - tile * TILE_WIDTH);
      const hashes = await this.read((tx) => new StoredTiles(tx, this.wish.log).read({ level: 0, index: tile, width }));
      this.#held = { tile, hashes };
    }
    const from = (index % TILE_WIDTH) * HASH_BYTES;
    const leaf = new Uint8Array(HASH_BYTES);
    leaf.set(this.#held.hashes.subarray(from, from + HASH_BYTES));
    return leaf;
  }
}
