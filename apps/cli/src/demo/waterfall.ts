import type { Paint } from '../output/paint';

/** The part of a run's journal events that is drawn; every event has `sequence`, `type` and `time`. */
export interface Seen {
  readonly sequence: number;
  readonly type: string;
  readonly time: string;
  readonly [member: string]: unknown;
}

/** One step of a run, or one thing that happened to it. */
export interface Bar {
  /** Milliseconds from the run's start. */
  readonly from: number;
  readonly to: number;
  readonly agent: string;
  readonly what: string;
  readonly glyph: '✓' | '✗' | '‖' | '⟲' | '?';
  /** The rules that allowed it, or why not. */
  readonly why: string;
  /** A model call: drawn faintly, there are many. */
  readonly faint: boolean;
}

interface Intent {
  readonly at: number;
  readonly event: Seen;
}

/**
 * A run's events as bars, in the order in which they ended. Facts that a decision read are told with the step they were
 * read for. Feed each event once; `running` is what goes on at the moment.
 */
export class Waterfall {
  #began: number | null = null;
  readonly #intents = new Map<number, Intent>();
  #facts = 0;
  running: { readonly agent: string; readonly what: string } | null = null;

  add(event: Seen): Bar | null {
    const at = Date.parse(event.time);
    this.#began ??= at;
    switch (event.type) {
      case 'step_intended': {
        const { step } = event as unknown as { readonly step: number };
        this.#intents.set(step, { at, event });
        if (event['kind'] !== 'data') this.running = { agent: agentOf(event), what: whatOf(event) };
        return null;
      }
      case 'step_settled':
        return this.#settled(event, at);
      case 'step_denied':
        return this.#bar(event, { from: at, to: at }, { glyph: '✗', why: ruleAgainst(event) });
      case 'step_asked':
        return this.#bar(event, { from: at, to: at }, { glyph: '‖', why: heldBy(event) });
      case 'step_unknown':
        return this.#bar(event, { from: at, to: at }, { glyph: '?', why: 'its outcome was lost' });
      case 'run_resumed': {
        const bar = { from: this.#since(at), to: this.#since(at), agent: '', glyph: '⟲', faint: false } as const;
        return { ...bar, what: 'taken over', why: 'by another worker' };
      }
      default:
        return null;
    }
  }

  #settled(event: Seen, at: number): Bar | null {
    const intent = this.#intents.get(Number(event['step']));
    this.running = null;
    if (!intent) return null;
    if (intent.event['kind'] === 'data') {
      this.#facts += 1;
      return null;
    }
    const facts = this.#facts === 0 ? '' : `, ${this.#facts} ${this.#facts === 1 ? 'fact' : 'facts'} read`;
    this.#facts = 0;
    const good = event['outcome'] === 'ok';
    const attempt = Number(intent.event['attempt'] ?? 1);
    const again = attempt > 1 ? `, attempt ${attempt}` : '';
    const failure = (event['failure'] as { readonly code?: string } | undefined)?.code ?? 'failed';
    const said = { glyph: good ? '✓' : '✗', why: (good ? rulesFor(intent.event) : failure) + facts + again } as const;
    return this.#bar(intent.event, { from: intent.at, to: at }, said);
  }

  #bar(event: Seen, { from, to }: { from: number; to: number }, { glyph, why }: Pick<Bar, 'glyph' | 'why'>): Bar {
    const span = { from: this.#since(from), to: this.#since(to) };
    return { ...span, agent: agentOf(event), what: whatOf(event), glyph, why, faint: event['kind'] === 'model' };
  }

  #since = (at: number): number => at - (this.#began ?? at);
}

const agentOf = (event: Seen): string => (typeof event['agent'] === 'string' ? event['agent'] : '');

function whatOf(event: Seen): string {
  const target = String(event['target'] ?? '');
  if (event['kind'] === 'model') return 'thinks';
  return event['kind'] === 'handoff' ? `→ ${target}` : target;
}

interface Decided {
  readonly stages?: readonly {
    readonly stage: string;
    readonly matches: readonly { readonly rid: string; readonly effect: string }[];
  }[];
}

const ridsOf = (event: Seen, effect: string): { readonly stage: string; readonly rid: string }[] =>
  ((event['decision'] as Decided | undefined)?.stages ?? []).flatMap(({ stage, matches }) =>
    matches.filter((match) => match.effect === effect).map(({ rid }) => ({ stage, rid })),
  );

/** What the agent was allowed it by, and what its initiator: the two that have a say in every call. */
const rulesFor = (event: Seen): string => [...new Set(ridsOf(event, 'allow').map(({ rid }) => rid))].join(' + ');

const heldBy = (event: Seen): string =>
  (event['decision'] as { readonly reason?: string } | undefined)?.reason === 'stopped'
    ? 'held by a stop'
    : 'people are asked';

const ruleAgainst = (event: Seen): string =>
  `refused by ${ridsOf(event, 'deny')[0]?.rid ?? 'silence: no rule grants it'}`;

const WIDTH = 20;

/** How wide a drawing and its columns are, in characters, and how many milliseconds a full bar stands for. */
export interface Scale {
  readonly width: number;
  readonly fullMs: number;
  readonly agent: number;
  readonly what: number;
}

/** For runs whose length is not known yet; one that takes longer runs over its end. */
const USUAL: Omit<Scale, 'width'> = { fullMs: 5_000, agent: 9, what: 13 };

/** As wide as these bars need, up to a limit, and as long as the last of them. */
export function scaleOf(bars: readonly Bar[], width: number): Scale {
  const widest = (of: (bar: Bar) => string, least: number): number =>
    Math.min(28, Math.max(least, ...bars.map((bar) => of(bar).length)));
  return {
    width,
    fullMs: Math.max(1, ...bars.map(({ to }) => to)),
    agent: widest(({ agent }) => agent, 0),
    what: widest(({ what }) => what, 8),
  };
}

const column = (text: string, width: number): string =>
  text.length > Math.max(width, 28) ? `${text.slice(0, width - 1)}…` : text.padEnd(width);

/** A bar as one line, no wider than `width`. */
export function drawBar(bar: Bar, paint: Paint, given: number | Scale): string {
  const scale = typeof given === 'number' ? { ...USUAL, width: given } : given;
  const place = (ms: number): number => Math.min(WIDTH - 1, Math.floor((WIDTH * ms) / scale.fullMs));
  const begin = place(bar.from);
  const length = Math.max(1, place(bar.to) - begin + (bar.to > bar.from ? 1 : 0));
  const track = `${' '.repeat(begin)}${(bar.faint ? '╌' : '━').repeat(length)}`.slice(0, WIDTH).padEnd(WIDTH);
  const glyphs = { '✓': 'ok', '✗': 'deny', '‖': 'paused', '⟲': 'paused', '?': 'paused' } as const;
  const word = glyphs[bar.glyph];
  const at = `${(bar.from / 1000).toFixed(2).padStart(6)} s`;
  const who = `${column(bar.agent, scale.agent)} ${column(bar.what, scale.what)}`;
  const room = Math.max(0, scale.width - at.length - who.length - WIDTH - 15);
  const why = bar.why.length > room ? `${bar.why.slice(0, Math.max(0, room - 1))}…` : bar.why;
  return `${paint.dim(at)}  ${who} ${paint.dim(track)} ${paint.standing(word).replace(word, bar.glyph)} ${paint.dim(why)}`.trimEnd();
}
