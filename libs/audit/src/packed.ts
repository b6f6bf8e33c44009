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

const HMAC = /^hmac-sha256:[0-9a-f]{64}$/;
const SHA = /^sha256:[0-9a-f]{64}$/;
const TRACE = /^[0-9a-f]{32}$/;
const SPAN = /^[0-9a-f]{16}$/;
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:/;
const NO_MINUTE = '0000-00-00T00:00:';
const SCHEMA = `,"schema":${AUDIT_SCHEMA},`;
const zeros = (length: number): string => '0'.repeat(length);

/** Words of the unit itself, 1 to 6: what stands before and after what the unit says there, and the mark. */
const OWN = {
  origin: ['"origin":"writ/', '",', '%1$s'],
  run: ['"run":"', '","run_seq":', '%2$s'],
  moment: ['"tenant":"', '","time":"', '%3$s'],
  trace: [',"trace":"', '","type":"', '%4$s'],
  span: [`${SCHEMA}"span":"`, '",', '%5$s'],
  context: ['"context":"', '",', '%6$s'],
} as const;

/** Members of an event that `lineOf` knows. */
const KNOWN: ReadonlySet<string> = new Set<keyof AuditDraft>([
  ...(['action', 'actor', 'approval', 'args', 'attempt', 'authority', 'context', 'decision', 'detail', 'id'] as const),
  ...(['keys', 'labels', 'model', 'object', 'origin', 'outcome', 'resource', 'result', 'run', 'span'] as const),
  ...(['step', 'tenant', 'tier', 'time', 'trace', 'type', 'usage'] as const),
]);

/** An event's canonical JSON. Its members are put in order here, so that nobody has to sort them. */
function lineOf(draft: AuditDraft, { seq, prev }: Place): string {
  for (const name in draft) {
    // Never in the product; hashed all the same, as everything that an event holds.
    if (!KNOWN.has(name)) return canonicalJson({ ...draft, schema: AUDIT_SCHEMA, run_seq: seq, prev });
  }
  const { authority } = draft;
  return canonicalJson({
    action: draft.action,
    actor: draft.actor,
    approval: draft.approval,
    args: draft.args,
    attempt: draft.attempt,
    authority: authority && { platform: authority.platform, tenant: authority.tenant },
    context: draft.context,
    decision: draft.decision,
    detail: draft.detail,
    id: draft.id,
    keys: draft.keys,
    labels: draft.labels,
    model: draft.model,
    object: draft.object,
    origin: draft.origin,
    outcome: draft.outcome,
    prev,
    resource: draft.resource,
    result: draft.result,
    run: draft.run,
    run_seq: seq,
    schema: AUDIT_SCHEMA,
    span: draft.span,
    step: draft.step,
    tenant: draft.tenant,
    tier: draft.tier,
    time: draft.time,
    trace: draft.trace,
    type: draft.type,
    usage: draft.usage,
  });
}

/** A member that is text and the comma after it, as canonical JSON where the text needs no escape. */
const said = (name: keyof AuditDraft, value: string | undefined): string =>
  value === undefined ? '' : `"${name}":"${value}",`;

/** Any member and the comma after it. */
const member = (name: keyof AuditDraft, value: unknown): string =>
  value === undefined ? '' : `"${name}":${canonicalJson(value)},`;

/** The guardrail's stage, where it lets pass. */
const isPass = (stage: readonly string[]): boolean =>
  stage.length === 2 && stage[0] === 'guardrail' && stage[1] === 'allow';

/**
 * The events of one unit as they lie in `writ.audit_unit`: a mark stands for what the row says anyway (tenant, run,
 * origin, the hash of the event before), for what its events have in common and is said once (context, trace, span,
 * minute), and for what nearly all evidence says. `writ.audit_lines` gives the hashed bytes back.
 *
 * An event is packed from its values, never from its text. Whatever of it is not as expected (a member more, a name that
 * JSON escapes) makes its line longer than the packed one would become, so lengths tell; such a line is kept as it is.
 */
export class UnitPacking {
  #lines = '';
  #count = 0;
  /** How much longer than the packed event its line is. */
  #saved = 0;
  #digests = '';
  #nextDigest: number;
  readonly #minute: string;
  readonly #tenant: string;
  readonly #run: string;
  readonly #prev: string;
  readonly #context: string | undefined;
  readonly #trace: string | undefined;
  readonly #span: string | undefined;

  /** `drafts`: all events of the unit, of one run; `prev`: hash of the event before them. */
  constructor(drafts: readonly AuditDraft[], prev: string) {
    const { tenant = '', run = '', time = '' } = drafts[0] ?? {};
    this.#tenant = tenant;
    this.#run = run;
    this.#prev = prev;
    this.#minute = MINUTE.test(time) ? time.slice(0, NO_MINUTE.length) : NO_MINUTE;
    this.#nextDigest = FIRST_PREV + drafts.length;
    let context: string | undefined;
    let trace: string | undefined;
    let span: string | undefined;
    for (const draft of drafts) {
      if (context === undefined && draft.context !== undefined && SHA.test(draft.context)) context = draft.context;
      if (trace === undefined && draft.trace !== undefined && TRACE.test(draft.trace)) trace = draft.trace;
      if (span === undefined && draft.span !== undefined && SPAN.test(draft.span)) span = draft.span;
    }
    this.#context = context;
    this.#trace = trace;
    this.#span = span;
  }

  /**
   * The unit as it lies: version, minute, base64 of what is said once (the hash before its first event, context, trace
   * and span, zeros for what there is not, then the digests that marks stand for), and the lines.
   */
  text(): string {
    const shared = (this.#context?.slice(7) ?? zeros(64)) + (this.#trace ?? zeros(32)) + (this.#span ?? zeros(16));
    const bytes = Buffer.from(this.#prev + shared + this.#digests, 'hex');
    return VERSION + this.#minute + bytes.toString('base64') + this.#lines;
  }

  /** Packs the unit's next event. Answers its canonical JSON; `place.seq` and `place.prev` are its `run_seq` and `prev`. */
  add(draft: AuditDraft, place: Place): string {
    const line = lineOf(draft, place);
    const digests = this.#digests;
    const nextDigest = this.#nextDigest;
    this.#saved = 0;
    let kept = `{${this.#act(draft)}${this.#object(draft)}${this.#place(draft, place)}${this.#moment(draft)}}`;
    if (kept.length + this.#saved !== line.length || line.includes('%')) {
      kept = line.replaceAll('%', '%%');
      this.#digests = digests;
      this.#nextDigest = nextDigest;
    }
    this.#lines += this.#count === 0 ? kept : `\n${kept}`;
    this.#count += 1;
    return line;
  }

  // Below, members are written in the order of canonical JSON.

  #act({ action, actor, approval, args, attempt, authority, context, decision, detail }: AuditDraft): string {
    let kept = said('action', action) + said('actor', actor) + said('approval', approval);
    if (args !== undefined) {
      kept += HMAC.test(args) ? `${this.#digest(WORDS.args, args.slice(-64))}",` : said('args', args);
    }
    if (attempt !== undefined && (attempt !== 1 || !authority)) kept += `"attempt":${attempt},`;
    if (authority) {
      kept += attempt === 1 ? this.#word(WORDS.once) : '"authority":{"platform":';
      kept += `${authority.platform},"tenant":${authority.tenant}},`;
    }
    if (context !== undefined) {
      kept += context === this.#context ? this.#own(OWN.context, context) : said('context', context);
    }
    if (decision) kept += this.#decision(decision);
    return detail === undefined ? kept : kept + member('detail', detail);
  }

  /** An allow says mostly the same, but for its id and those of its rules. */
  #decision(decision: NonNullable<AuditDraft['decision']>): string {
    const { id, verdict, reason, mode, obligations, snapshot, stages } = decision;
    if (!id.startsWith('dec_')) return member('decision', decision);
    const usual = verdict === 'allow' && reason === 'allowed' && mode === 'enforce' && !obligations && !snapshot;
    if (!usual || stages.length < 2 || !isPass(stages[0]!)) {
      return `${this.#word(WORDS.decision)}${canonicalJson(decision).slice('{"id":"dec_'.length)},`;
    }
    let kept = this.#word(WORDS.decision) + id.slice('dec_'.length) + this.#word(WORDS.stages);
    for (let i = 1; i < stages.length; i++) {
      const stage = stages[i]!;
      let next = 0;
      if (i > 1 && stage.length > 2 && stage[0] === 'initiator' && stage[1] === 'allow') {
        kept += this.#word(WORDS.initiator);
        next = 2;
      } else if (i > 1) kept += '"],["';
      for (let n = next; n < stage.length; n++) kept += n === next ? stage[n] : `","${stage[n]}`;
    }
    return kept + this.#word(WORDS.allow);
  }

  #object({ id, keys, labels, model, object, origin, outcome }: AuditDraft): string {
    let kept = id.startsWith('evt_') ? `${this.#word(WORDS.id)}${id.slice('evt_'.length)}",` : said('id', id);
    if (keys ?? labels ?? model) kept += member('keys', keys) + member('labels', labels) + member('model', model);
    if (object?.digest !== undefined && SHA.test(object.digest)) {
      kept += `${this.#digest(WORDS.object, object.digest.slice(-64))}","id":"${object.id}","type":"${object.type}"`;
      kept += object.version === undefined ? '},' : `,"version":${object.version}},`;
    } else if (object) kept += member('object', object);
    kept += origin === `writ/${this.#tenant}` ? this.#own(OWN.origin, this.#tenant) : said('origin', origin);
    return kept + (outcome === 'ok' ? this.#word(WORDS.ok) : said('outcome', outcome));
  }

  #place({ resource, result, run, span, step }: AuditDraft, { seq, prev }: Place): string {
    let kept = `%${FIRST_PREV + this.#count}$s`;
    this.#saved += '"prev":"",'.length + prev.length - kept.length;
    if (resource) kept += member('resource', resource);
    if (result !== undefined) {
      kept += HMAC.test(result) ? `${this.#digest(WORDS.result, result.slice(-64))}",` : said('result', result);
    }
    kept += run === this.#run ? this.#own(OWN.run, run) : `${said('run', run)}"run_seq":`;
    kept += seq;
    kept += span !== undefined && span === this.#span ? this.#own(OWN.span, span) : SCHEMA + said('span', span);
    return step === undefined ? kept : `${kept}"step":${step},`;
  }

  #moment({ tenant, tier, time, trace, type, usage }: AuditDraft): string {
    const usual = tier === undefined && tenant === this.#tenant && time.startsWith(this.#minute);
    let kept = usual
      ? `${this.#own(OWN.moment, tenant, this.#minute)}${time.slice(this.#minute.length)}"`
      : `${said('tenant', tenant)}${said('tier', tier)}"time":"${time}"`;
    kept +=
      trace !== undefined && trace === this.#trace ? this.#own(OWN.trace, trace) : `,${said('trace', trace)}"type":"`;
    if (type === 'action.authorized') kept += this.#word(WORDS.authorized);
    else kept += type === 'action.settled' ? this.#word(WORDS.settled) : `${type}"`;
    return usage === undefined ? kept : `${kept},"usage":${canonicalJson(usage)}`;
  }

  #word(word: Word): string {
    this.#saved += word[0].length - word[1].length;
    return word[1];
  }

  /** A word of the unit itself; `said` is what it says there. */
  #own(word: (typeof OWN)[keyof typeof OWN], said: string, minute = ''): string {
    this.#saved += word[0].length + said.length + word[1].length + minute.length - word[2].length;
    return word[2];
  }

  /** A word that a digest follows, which is kept as bytes. */
  #digest(word: Word, hex: string): string {
    const mark = `%${this.#nextDigest}$s`;
    this.#saved += hex.length - mark.length;
    this.#digests += hex;
    this.#nextDigest += 1;
    return this.#word(word) + mark;
  }
}

/** Where a unit's own words are cut: what stands between the two parts is not said in letters. */
const BEGINNINGS = [...Object.values(OWN).map(([before]) => before), '"prev":"'];
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
