import type { RunId, TenantId } from '@writ/kernel';
import type { Database, Tx } from '@writ/database';
import { logger, redactText } from '@writ/telemetry';

/** Which attempt of which step speaks. */
export interface SpeechPlace {
  readonly tenant: TenantId;
  readonly run: RunId;
  readonly step: number;
  readonly attempt: number;
}

/** A model that speaks. Nothing here waits, fails or holds its caller up. */
export interface Speech {
  heard(text: string): void;
  over(): void;
}

/** What a model said so far of a reply that is not whole: for watching, gone once the reply stands in the journal. */
export interface SaidView {
  readonly type: 'message_delta';
  readonly step: number;
  readonly attempt: number;
  /** Characters of the reply before this text. */
  readonly from: number;
  readonly text: string;
  /** The reply is over: what it was is the journal's to say. */
  readonly done: boolean;
}

/** Ten times a second at most, whatever the number of replies: one statement for all that this process hears. */
const FLUSH_MS = 100;
/** Held while the database is slow; past it the rest of the reply is not shown as it comes. */
const MOST_HELD = 65_536;
/** A secret cut in two by the network is one again when this much is held back until the next word. */
const HELD_BACK = 256;
const FORGET_MS = 60_000;
const log = logger('live');

class Voice implements Speech {
  #text = '';
  #from = 0;
  #over = false;
  #full = false;

  constructor(
    readonly place: SpeechPlace,
    private readonly changed: (voice: Voice) => void,
  ) {}

  heard(text: string): void {
    if (this.#over || this.#full) return;
    this.#text += text;
    this.#full = this.#text.length > MOST_HELD;
    this.changed(this);
  }

  over(): void {
    if (this.#over) return;
    this.#over = true;
    this.changed(this);
  }

  /** What may be shown now: whole words, and all of it at the end. Null for nothing. */
  take(): (SaidView & { readonly place: SpeechPlace }) | null {
    const text = redactText(this.#text.slice(0, this.#shown()));
    if (text === '' && !this.#over) return null;
    const raw = this.#text.slice(0, this.#shown());
    this.#text = this.#text.slice(raw.length);
    const from = this.#from;
    this.#from += text.length;
    const { step, attempt } = this.place;
    return { type: 'message_delta', place: this.place, step, attempt, from, text, done: this.#over };
  }

  #shown(): number {
    if (this.#over) return this.#text.length;
    const word = this.#text.search(/\s\S*$/);
    return this.#text.length - (word + 1) > HELD_BACK ? this.#text.length : word + 1;
  }
}

/**
 * What models say while they say it, coalesced, redacted, and kept for minutes where any node finds it. It is no
 * evidence and no truth: losing it loses nothing but the watching, and no run ever waits for it.
 */
export class Said {
  readonly #waiting = new Set<Voice>();
  #timer: NodeJS.Timeout | null = null;
  #forgetting: NodeJS.Timeout | null = null;
  #failing = false;

  constructor(
    private readonly db: Database,
    private readonly told: (tenant: TenantId, run: RunId) => void,
  ) {}

  speech(place: SpeechPlace): Speech {
    return new Voice(place, (voice) => {
      this.#waiting.add(voice);
      this.#schedule();
    });
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#forgetting) clearTimeout(this.#forgetting);
    this.#waiting.clear();
  }

  #schedule(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => void this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  async #flush(): Promise<void> {
    const said = [...this.#waiting].map((voice) => voice.take()).filter((one) => one !== null);
    this.#waiting.clear();
    try {
      if (said.length > 0) {
        const tenants = [...new Set(said.map(({ place }) => place.tenant))];
        await this.db.withTenant(tenants, (tx) => insertSaid(tx, said));
        for (const { place } of said) this.told(place.tenant, place.run);
      }
      this.#failing = false;
    } catch (error) {
      // Told once per failure; what was not kept stands in the journal when the reply does.
      if (!this.#failing) log.warn({ error: (error as Error).message }, 'what models say could not be kept');
      this.#failing = true;
    }
    this.#timer = null;
    if (this.#waiting.size > 0) this.#schedule();
    this.#forgetting ??= setTimeout(() => void this.#forget(), FORGET_MS).unref();
  }

  async #forget(): Promise<void> {
    await this.db.platform((tx) => tx.query(`SELECT writ.forget_said()`)).catch(() => undefined);
    this.#forgetting = null;
  }
}

async function insertSaid(tx: Tx, said: readonly (SaidView & { readonly place: SpeechPlace })[]): Promise<void> {
  await tx.query(
    `INSERT INTO writ.run_said (tenant, run, step, attempt, from_character, text, done)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::boolean[])`,
    [
      said.map(({ place }) => place.tenant),
      said.map(({ place }) => place.run),
      said.map(({ step }) => step),
      said.map(({ attempt }) => attempt),
      said.map(({ from }) => from),
      // Postgres text holds no NUL, and UTF-8 no half of a pair; a reply with one is refused when it is whole.
      said.map(({ text }) => text.replaceAll('\u0000', '\ufffd').toWellFormed()),
      said.map(({ done }) => done),
    ],
  );
}

interface Row {
  readonly seq: string;
  readonly after: string;
  readonly run: RunId;
  readonly step: number;
  readonly attempt: number;
  readonly from: number;
  readonly text: string;
  readonly done: boolean;
}

/** Something said in a run, for whoever was given all up to `after`. */
export interface SaidRow {
  readonly run: RunId;
  readonly after: number;
  readonly seq: number;
  readonly view: SaidView;
}

/** What was said in these runs since; from the beginning (`after` 0) only of replies that are not whole. */
export async function readSaid(
  tx: Tx,
  places: readonly { readonly tenant: TenantId; readonly run: RunId; readonly after: number }[],
): Promise<readonly SaidRow[]> {
  const rows = await tx.query<Row>(
    `SELECT s.seq, w.after, s.run, s.step, s.attempt, s.from_character AS "from", s.text, s.done
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS w (tenant, run, after)
       JOIN writ.run_said s ON s.tenant = w.tenant AND s.run = w.run AND s.seq > w.after
      WHERE w.after > 0 OR NOT EXISTS (SELECT 1 FROM writ.run_said d WHERE d.tenant = s.tenant AND d.run = s.run
                                          AND d.step = s.step AND d.attempt = s.attempt AND d.done)
      ORDER BY s.seq LIMIT 2000`,
    [places.map(({ tenant }) => tenant), places.map(({ run }) => run), places.map(({ after }) => after)],
  );
  return rows.map(({ seq, after, run, step, attempt, from, text, done }) => ({
    seq: Number(seq),
    after: Number(after),
    run,
    view: { type: 'message_delta', step, attempt, from, text, done },
  }));
}
