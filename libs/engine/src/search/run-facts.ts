import type { RunId, TenantId } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { RunEvent } from '../events';

/** What a run used, and the runs that it started once they have reported. */
export interface Usage {
  readonly model_calls: number;
  readonly tool_calls: number;
  readonly tokens: number;
  /** Millionths of the currency of its models' prices; null while nothing it called has a price. */
  readonly cost_micros: number | null;
}

export const NOTHING_USED: Usage = { model_calls: 0, tool_calls: 0, tokens: 0, cost_micros: null };

/** What a list shows of a run beside its row: counts and names from its journal. */
export interface RunFacts {
  /** Agents in control, first to current. */
  readonly agents: readonly string[];
  readonly decisions: { readonly allow: number; readonly ask: number; readonly deny: number };
  readonly usage: Usage;
  /** Tools it called and agents that acted or were handed over to, each once: `tool refund`, `agent orders`. */
  readonly used: readonly string[];
  /** Target of the newest step, and that step's number. */
  readonly last: { readonly step: number; readonly target: string } | null;
}

/** The members of journal lines that are read here; a line's type says which it has. */
interface Line {
  readonly type: string;
  readonly kind?: string;
  readonly step?: number;
  readonly attempt?: number;
  readonly agent?: string | null;
  readonly target?: string;
  readonly reserve?: number;
  readonly tokens?: number;
  readonly cost_bound?: number;
  readonly cost_micros?: number;
  readonly usage?: Omit<Usage, 'cost_micros'> & { readonly cost_micros?: number };
  readonly outcome?: string;
  readonly decision?: { readonly reason?: string };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts up as lines come in order, without keeping them: a live run is read on from where the last reading ended. */
class FactCounter {
  readonly #agents: string[] = [];
  readonly #decisions: Writable<RunFacts['decisions']> = { allow: 0, ask: 0, deny: 0 };
  readonly #usage: Writable<Usage> = { ...NOTHING_USED };
  #last: RunFacts['last'] = null;
  readonly #used = new Set<string>();
  /** The calls that have no outcome yet, by step. */
  readonly #open = new Map<
    number,
    { readonly kind: string; readonly target: string; readonly reserve: number; readonly cost?: number | undefined }
  >();

  take(line: Line): void {
    switch (line.type) {
      case 'run_started':
        this.#decisions.allow += 1;
        return;
      case 'run_forked':
        // What was decided and used up to here was another run's.
        Object.assign(this.#decisions, { allow: 1, ask: 0, deny: 0 });
        Object.assign(this.#usage, NOTHING_USED);
        this.#used.clear();
        this.#open.clear();
        return;
      case 'step_intended':
        this.#decisions.allow += 1;
        this.#seen(line);
        if (typeof line.agent === 'string') this.#used.add(`agent ${line.agent}`);
        this.#intended(line);
        return;
      case 'step_denied':
        this.#decisions.deny += 1;
        this.#seen(line);
        this.#open.delete(line.step ?? 0);
        return;
      case 'step_asked':
        // A stop is recorded as a question, and is a refusal until it is released.
        this.#decisions[line.decision?.reason === 'stopped' ? 'deny' : 'ask'] += 1;
        this.#seen(line);
        return;
      case 'step_settled':
        this.#settled(line);
        return;
      case 'child_ended':
        this.#reported(line);
        return;
    }
  }

  facts(): RunFacts {
    return {
      agents: [...this.#agents],
      decisions: { ...this.#decisions },
      usage: { ...this.#usage },
      used: [...this.#used],
      last: this.#last,
    };
  }

  #seen({ step = 0, target = '', agent }: Line): void {
    this.#last = { step, target };
    if (typeof agent === 'string') this.#inControl(agent);
  }

  #inControl(agent: string): void {
    if (this.#agents.at(-1) !== agent) this.#agents.push(agent);
  }

  #intended({ kind = '', target = '', step = 0, attempt = 1, reserve = 0, cost_bound: cost }: Line): void {
    if (kind === 'tool' || kind === 'data') this.#used.add(`tool ${target}`);
    if (kind === 'handoff' || kind === 'delegate' || kind === 'agent') this.#used.add(`agent ${target}`);
    if (kind === 'data' || kind === 'check') return;
    // As the fold charges it: a model's attempt that was lost costs what was reserved for it.
    const before = this.#open.get(step);
    if (attempt > 1 && before?.kind === 'model') {
      this.#usage.tokens += before.reserve;
      this.#paid(before.cost);
    }
    this.#open.set(step, { kind, target, reserve, cost });
    if (kind === 'model') this.#usage.model_calls += 1;
    if (kind === 'tool' && attempt === 1) this.#usage.tool_calls += 1;
  }

  #paid(cost: number | undefined): void {
    if (cost !== undefined) this.#usage.cost_micros = (this.#usage.cost_micros ?? 0) + cost;
  }

  /** As the fold counts it: a child run's use is its parent's too. */
  #reported({ usage }: Line): void {
    if (!usage) return;
    this.#usage.model_calls += usage.model_calls;
    this.#usage.tool_calls += usage.tool_calls;
    this.#usage.tokens += usage.tokens;
    this.#paid(usage.cost_micros);
  }

  #settled({ step, tokens = 0, cost_micros: cost, outcome }: Line): void {
    this.#usage.tokens += tokens;
    this.#paid(cost);
    const open = step === undefined ? undefined : this.#open.get(step);
    if (!open || step === undefined) return;
    if (open.kind === 'handoff' && outcome === 'ok') this.#inControl(open.target);
    this.#open.delete(step);
  }
}

export function factsOf(events: readonly RunEvent[]): RunFacts {
  const counter = new FactCounter();
  for (const event of events) counter.take(event as Line);
  return counter.facts();
}

interface Counted {
  readonly counter: FactCounter;
  nextSeq: number;
}

const MOST_RUNS = 20_000;
/** Characters of journal fetched at once. */
const MOST_TEXT = 16_000_000;

/** Facts of the runs lists have shown, counted on from where they were: a finished run's journal is read once. */
export class FactShelf {
  readonly #held = new Map<string, Counted>();

  /** The facts of these runs, up to the sequence each one's row names. */
  async of(
    tx: Tx,
    tenant: TenantId,
    runs: readonly { readonly id: RunId; readonly nextSeq: number }[],
  ): Promise<ReadonlyMap<RunId, RunFacts>> {
    const held = runs.map((run) => ({ run, counted: this.#take(`${tenant} ${run.id}`) }));
    const behind = held.filter(({ run, counted }) => counted.nextSeq < run.nextSeq);
    for (const group of groups(behind)) await this.#read(tx, tenant, group);
    return new Map(held.map(({ run, counted }) => [run.id, counted.counter.facts()]));
  }

  #take(key: string): Counted {
    const known = this.#held.get(key) ?? { counter: new FactCounter(), nextSeq: 0 };
    // Taken out and put back: a map keeps the order of insertion, so its first is the one not asked for the longest.
    this.#held.delete(key);
    this.#held.set(key, known);
    for (const [oldest] of this.#held) {
      if (this.#held.size <= MOST_RUNS) break;
      this.#held.delete(oldest);
    }
    return known;
  }

  async #read(
    tx: Tx,
    tenant: TenantId,
    group: readonly { readonly run: { readonly id: RunId }; readonly counted: Counted }[],
  ): Promise<void> {
    const rows = await tx.query<{ run: RunId; seq: number; events: string }>(
      `SELECT j.run, j.seq, j.events FROM unnest($2::text[], $3::int[]) AS w (run, seq)
         JOIN LATERAL (SELECT * FROM writ.journal j WHERE j.tenant = $1 AND j.run = w.run AND j.seq >= w.seq OFFSET 0) j ON true
        ORDER BY j.run, j.seq`,
      [tenant, group.map(({ run }) => run.id), group.map(({ counted }) => counted.nextSeq)],
    );
    const byRun = new Map(group.map(({ run, counted }) => [run.id, counted]));
    for (const { run, seq, events } of rows) {
      const counted = byRun.get(run)!;
      // Two readers at once: what the other has counted already is not counted twice.
      if (seq !== counted.nextSeq) continue;
      const lines = events.split('\n');
      for (const line of lines) counted.counter.take(JSON.parse(line) as Line);
      counted.nextSeq += lines.length;
    }
  }
}

/** Cut so that no reading fetches far more than `MOST_TEXT`, at about 500 characters an event. */
function groups<T extends { readonly run: { readonly nextSeq: number }; readonly counted: Counted }>(
  all: readonly T[],
): T[][] {
  const cut: T[][] = [];
  let room = 0;
  for (const one of all) {
    const size = (one.run.nextSeq - one.counted.nextSeq) * 500;
    if (size > room) {
      cut.push([]);
      room = MOST_TEXT;
    }
    cut.at(-1)!.push(one);
    room -= size;
  }
  return cut;
}
