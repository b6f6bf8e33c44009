import { canonicalJson } from '@writ/kernel';
import { AUDIT_SCHEMA, type AuditEvent } from './event';

/** An event before the chain gives it its place. */
export type AuditDraft = Omit<AuditEvent, 'schema' | 'run_seq' | 'prev'>;

/** Where an event stands in its chain. */
export interface Place {
  readonly seq: number;
  /** SHA-256 (hex) of the event before. */
  readonly prev: string;
}

/** A text, and the mark that stands for it: `%n$s` of Postgres' format(), which puts its n-th word there. */
type Word = readonly [text: string, mark: string];

/**
 * Words that are the same in every unit. 1 to 6 and those from `FIRST_PREV` on follow from the unit itself;
 * `writ.unpacked` of migrations/0045 has all of them, by the same numbers.
 * INVARIANT: no number ever means another word: units lie packed for ever. Another vocabulary is another `VERSION`.
 */
const WORDS = {
  id: ['"id":"evt_', '%7$s'],
  once: ['"attempt":1,"authority":{"platform":', '%8$s'],
  ok: ['"outcome":"ok",', '%9$s'],
  args: ['"args":"hmac-sha256:', '%10$s'],
  decision: ['"decision":{"id":"dec_', '%11$s'],
  stages: ['","mode":"enforce","reason":"allowed","stages":[["guardrail","allow"],["', '%12$s'],
  initiator: ['"],["initiator","allow","', '%13$s'],
  allow: ['"]],"verdict":"allow"},', '%14$s'],
  object: ['"object":{"digest":"sha256:', '%15$s'],
  result: ['"result":"hmac-sha256:', '%16$s'],
  authorized: ['action.authorized"', '%17$s'],
  settled: ['action.settled"', '%18$s'],
} as const satisfies { readonly [name: string]: Word };
const FIRST_PREV = 19;
const VERSION = '1';

/** Length of an id without its prefix. */
const ID_BODY = 26;
const PLAIN = /^[\w*]+$/;
const HMAC = /^hmac-sha256:[0-9a-f]{64}$/;
const SHA = /^sha256:[0-9a-f]{64}$/;
const TRACE = /^[0-9a-f]{32}$/;
const SPAN = /^[0-9a-f]{16}$/;
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:/;
const NO_MINUTE = '0000-00-00T00:00:';
const SCHEMA = `,"schema":${AUDIT_SCHEMA},`;
const zeros = (length: number): string => '0'.repeat(length);

/** A member and the comma after it; nothing where there is none. */
const member = (name: keyof AuditDraft, value: unknown): string =>
  value === undefined ? '' : `"${name}":${canonicalJson(value)},`;

/** Members that are written below. */
const KNOWN: ReadonlySet<string> = new Set<keyof AuditDraft>([
  ...(['action', 'actor', 'approval', 'args', 'attempt', 'authority', 'context', 'decision', 'detail', 'id'] as const),
  ...(['keys', 'labels', 'model', 'object', 'origin', 'outcome', 'resource', 'result', 'run', 'span'] as const),
  ...(['step', 'tenant', 'tier', 'time', 'trace', 'type', 'usage'] as const),
]);

/** Whether an event has another member, which is hashed as everything in it is. */
function isOdd(draft: AuditDraft): boolean {
  for (const name in draft) if (!KNOWN.has(name)) return true;
  return false;
}

/**
 * Writes the events of one unit twice: as the bytes that are hashed, and as the unit lies in `writ.audit_unit`. There a
 * mark stands for what the row says anyway (tenant, run, origin, the hash of the event before), for what its events have
 * in common and is said once (context, trace, span, minute), and for what nearly all evidence says. What no word fits is
 * written as it is, so every event can be packed. `writ.audit_lines` gives the hashed bytes back.
 *
 * Each run pays for this fourteen times, so it looks at values, before they are text, and never into a text it made.
 */
export class UnitPacking {
  /** The event being written: its hashed bytes, and as it lies. */
  #line = '';
  #kept = '';
  #count = 0;
  #lines = '';
  #digests = '';
  #nextDigest: number;
  readonly #minute: string;
  readonly #tenant: string | undefined;
  readonly #origin: string | undefined;
  readonly #run: string | undefined;
  readonly #prev: string;
  readonly #context: string | undefined;
  readonly #trace: string | undefined;
  readonly #span: string | undefined;
  readonly #words: { readonly [what in 'origin' | 'run' | 'moment' | 'trace' | 'span' | 'context']: Word };

  /** `drafts`: all events of the unit, of one run; `prev`: hash of the event before them. */
  constructor(drafts: readonly AuditDraft[], prev: string) {
    const { tenant = '', run = '', time = '' } = drafts[0] ?? {};
    // Others are no ids of ours; JSON might write them in another way.
    const plain = PLAIN.test(tenant) && PLAIN.test(run);
    this.#tenant = plain ? tenant : undefined;
    this.#origin = plain ? `writ/${tenant}` : undefined;
    this.#run = plain ? run : undefined;
    this.#prev = prev;
    this.#minute = MINUTE.test(time) ? time.slice(0, NO_MINUTE.length) : NO_MINUTE;
    this.#nextDigest = FIRST_PREV + drafts.length;
    const { context } = drafts.find((draft) => draft.context !== undefined && SHA.test(draft.context)) ?? {};
    const { trace } = drafts.find((draft) => draft.trace !== undefined && TRACE.test(draft.trace)) ?? {};
    const { span } = drafts.find((draft) => draft.span !== undefined && SPAN.test(draft.span)) ?? {};
    this.#context = context;
    this.#trace = trace;
    this.#span = span;
    this.#words = {
      origin: [`"origin":"writ/${tenant}",`, '%1$s'],
      run: [`"run":"${run}","run_seq":`, '%2$s'],
      moment: [`"tenant":"${tenant}","time":"${this.#minute}`, '%3$s'],
      trace: [`,"trace":"${trace}","type":"`, '%4$s'],
      span: [`${SCHEMA}"span":"${span}",`, '%5$s'],
      context: [`"context":"${context}",`, '%6$s'],
    };
  }

  /**
   * The unit as it lies: version, minute, base64 of what is said once (the hash before its first event, context, trace
   * and span, zeros for what there is not, then the digests that marks stand for), and the lines.
   */
  text(): string {
    const said = (this.#context?.slice(7) ?? zeros(64)) + (this.#trace ?? zeros(32)) + (this.#span ?? zeros(16));
    const shared = Buffer.from(this.#prev + said + this.#digests, 'hex').toString('base64');
    return VERSION + this.#minute + shared + this.#lines;
  }

  /** The canonical JSON of the unit's next event: `place.seq` and `place.prev` are its `run_seq` and `prev`. */
  add(draft: AuditDraft, place: Place): string {
    this.#line = '{';
    this.#kept = '{';
    this.#act(draft);
    this.#object(draft);
    this.#place(draft, place);
    this.#moment(draft);
    if (isOdd(draft))
      this.#line = canonicalJson({ ...draft, schema: AUDIT_SCHEMA, run_seq: place.seq, prev: place.prev });
    if (isOdd(draft) || this.#line.includes('%')) this.#kept = this.#line.replaceAll('%', '%%');
    this.#lines += this.#count === 0 ? this.#kept : `\n${this.#kept}`;
    this.#count += 1;
    return this.#line;
  }

  // Below, members are written in the order of canonical JSON.

  #act({ action, actor, approval, args, attempt, authority, context, decision, detail }: AuditDraft): void {
    this.#both(member('action', action) + member('actor', actor) + member('approval', approval));
    if (args !== undefined && HMAC.test(args)) this.#digest(WORDS.args, args.slice(12), '",');
    else this.#both(member('args', args));
    const under = authority && canonicalJson(authority);
    if (attempt === 1 && under?.startsWith('{"platform":')) this.#word(WORDS.once, `${under.slice(12)},`);
    else this.#both(member('attempt', attempt) + (under === undefined ? '' : `"authority":${under},`));
    if (context !== undefined && context === this.#context) this.#word(this.#words.context, '');
    else this.#both(member('context', context));
    if (decision) this.#decision(canonicalJson(decision));
    this.#both(member('detail', detail));
  }

  /** Verdict, reason and stages of an allow are mostly the same, and the ids of its rules stand between. */
  #decision(text: string): void {
    const [begins, ends] = ['{"id":"dec_', '"]],"verdict":"allow"}'];
    if (!text.startsWith(begins)) return this.#both(`"decision":${text},`);
    const stages = begins.length + ID_BODY;
    const id = text.slice(begins.length, stages);
    if (!text.startsWith(WORDS.stages[0], stages) || !text.endsWith(ends)) {
      return this.#word(WORDS.decision, `${id}${text.slice(stages)},`);
    }
    this.#word(WORDS.decision, id);
    const first = stages + WORDS.stages[0].length;
    const initiator = text.indexOf(WORDS.initiator[0], first);
    this.#word(WORDS.stages, text.slice(first, initiator < 0 ? -ends.length : initiator));
    if (initiator >= 0) {
      this.#word(WORDS.initiator, text.slice(initiator + WORDS.initiator[0].length, -ends.length));
    }
    this.#word(WORDS.allow, '');
  }

  #object({ id, keys, labels, model, object, origin, outcome }: AuditDraft): void {
    if (id.startsWith('evt_')) this.#word(WORDS.id, `${canonicalJson(id).slice(5)},`);
    else this.#both(member('id', id));
    if (keys ?? labels ?? model) this.#both(member('keys', keys) + member('labels', labels) + member('model', model));
    if (object?.digest !== undefined && SHA.test(object.digest)) {
      this.#digest(WORDS.object, object.digest.slice(7), `${canonicalJson(object).slice(82)},`);
    } else this.#both(member('object', object));
    if (origin === this.#origin) this.#word(this.#words.origin, '');
    else this.#both(member('origin', origin));
    if (outcome === 'ok') this.#word(WORDS.ok, '');
    else this.#both(member('outcome', outcome));
  }

  #place({ resource, result, run, span, step }: AuditDraft, { seq, prev }: Place): void {
    this.#word([`"prev":"${prev}",`, `%${FIRST_PREV + this.#count}$s`], '');
    if (resource) this.#both(member('resource', resource));
    if (result !== undefined && HMAC.test(result)) this.#digest(WORDS.result, result.slice(12), '",');
    else this.#both(member('result', result));
    if (run === this.#run) this.#word(this.#words.run, `${seq}`);
    else this.#both(`${member('run', run)}"run_seq":${seq}`);
    if (span !== undefined && span === this.#span) this.#word(this.#words.span, '');
    else this.#both(SCHEMA + member('span', span));
    this.#both(member('step', step));
  }

  #moment({ tenant, tier, time, trace, type, usage }: AuditDraft): void {
    if (tier === undefined && tenant === this.#tenant && time.startsWith(this.#minute)) {
      const rest = canonicalJson(time).slice(1 + this.#minute.length);
      this.#word(this.#words.moment, rest);
    } else this.#both(`${member('tenant', tenant)}${member('tier', tier)}"time":${canonicalJson(time)}`);
    if (trace !== undefined && trace === this.#trace) this.#word(this.#words.trace, '');
    else this.#both(`,${member('trace', trace)}"type":"`);
    const last = usage === undefined ? '}' : `,"usage":${canonicalJson(usage)}}`;
    if (type === 'action.authorized') this.#word(WORDS.authorized, last);
    else if (type === 'action.settled') this.#word(WORDS.settled, last);
    else this.#both(canonicalJson(type).slice(1) + last);
  }

  #both(text: string): void {
    this.#line += text;
    this.#kept += text;
  }

  /** A word, and what follows it. */
  #word([text, mark]: Word, rest: string): void {
    this.#line += text + rest;
    this.#kept += mark + rest;
  }

  /** A word that a digest follows, which is kept as bytes, and what follows that. */
  #digest([text, mark]: Word, hex: string, rest: string): void {
    this.#line += text + hex + rest;
    this.#kept += `${mark}%${this.#nextDigest}$s${rest}`;
    this.#digests += hex;
    this.#nextDigest += 1;
  }
}

/** Where a unit's own words are cut: what stands between the two parts is not said in letters. */
const BEGINNINGS = [
  '"origin":"writ/',
  '"run":"',
  '"tenant":"',
  ',"trace":"',
  ',"schema":1,"span":"',
  '"context":"',
  '"prev":"',
];
const ENDINGS = ['",', '","run_seq":', '","type":"'];
const PIECES = [...BEGINNINGS, ...ENDINGS, ...Object.values(WORDS).map(([text]) => text)];

/**
 * The most of a text that certainly stands in `events` of a unit, packed or not, where the text stands in one of its
 * events; null where none does. For texts that are no part of a trace, a span or a digest.
 */
export function keptPart(text: string): string | null {
  let [from, to] = [0, text.length];
  for (const piece of PIECES) {
    if (piece.includes(text)) return null;
    for (let n = Math.min(piece.length, text.length); n > 0; n--) {
      if (text.startsWith(piece.slice(-n))) from = Math.max(from, n);
      if (text.endsWith(piece.slice(0, n))) to = Math.min(to, text.length - n);
    }
  }
  if (from >= to) return null;
  let parts = [text.slice(from, to)];
  for (const piece of PIECES) parts = parts.flatMap((part) => part.split(piece));
  const longest = parts.reduce((a, b) => (b.length > a.length ? b : a));
  return longest === '' ? null : longest.replaceAll('%', '%%');
}
