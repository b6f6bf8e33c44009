import type { DelegationId, Failure } from '@writ/kernel';
import type { RunDimension } from '@writ/words';
import { LateMap } from '../late';
import { type Amounts, minus, plus, SUMMED } from './amounts';

/** The whole run, what a supervisor or a handoff gave away, or one branch of a fan-out. */
export type ScopeLevel = 'run' | 'delegation' | 'branch';

export interface LimitedScope {
  /** Path of the node it covers with everything below; empty for the run. */
  readonly path: string;
  readonly level: ScopeLevel;
  readonly limits: Amounts;
  /** Epoch milliseconds from which its wall time counts. */
  readonly since: number;
  /** Whose limits these are, where several delegations follow each other at one node. */
  readonly by?: DelegationId;
}

/** What a step would use at most, and where. */
export interface Asked {
  readonly path: string;
  readonly bound: Amounts;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Agents in the chain that would act, the receiver of a handoff included. */
  readonly depth: number;
}

/** Why a step does not fit: the narrowest scope that has no room. */
export interface Crossing {
  readonly scope: Pick<LimitedScope, 'path' | 'level'>;
  readonly dimension: RunDimension;
  readonly limit: number;
  /** What it would come to, everything reserved counted at its bound. */
  readonly after: number;
}

interface Scope extends LimitedScope {
  /** Settled and reserved together: what cannot be used any more. */
  taken: Amounts;
}

interface Open {
  readonly path: string;
  readonly bound: Amounts;
}

/** Whether a node's path is the scope's or below it. */
export const encloses = (scope: string, path: string): boolean =>
  scope === '' || path === scope || path.startsWith(`${scope}/`);

/** A ledger as a snapshot keeps it. */
export interface SavedScopes {
  readonly scopes: readonly Readonly<Scope>[];
  readonly open: readonly (readonly [key: string, open: Open])[];
}

const keyOf = (step: number, attempt: number): string => `${step}.${attempt}`;

/**
 * What each limited part of a run has used and reserved: a fold over its journal, so whoever leads it next counts the
 * same. A step is reserved at its bound when it is intended and counted at its true use once it is settled; a lost
 * attempt stays at its bound for ever (I5, I13). Steps that join one unit are reserved one after the other, so branches
 * side by side cannot take the same room twice.
 */
export class ScopeLedger {
  readonly #scopes: Scope[] = [];
  readonly #open = new LateMap<string, Open>();

  static from({ scopes, open }: SavedScopes): ScopeLedger {
    const ledger = new ScopeLedger();
    ledger.#scopes.push(...scopes.map((scope) => ({ ...scope })));
    for (const [key, one] of open) ledger.#open.set(key, one);
    return ledger;
  }

  /** Counts from nothing again: what was used up to here was another run's. Wall time counts from `since`. */
  restart(since: number): void {
    this.#open.clear();
    this.#scopes.splice(0, Infinity, ...this.#scopes.map((scope) => ({ ...scope, since, taken: {} })));
  }

  saved(): SavedScopes {
    return { scopes: this.#scopes, open: [...this.#open] };
  }

  /** Whether anything is limited at all. */
  get limits(): boolean {
    return this.#scopes.length > 0;
  }

  /** Whether some scope limits this. */
  reads(dimension: RunDimension): boolean {
    return this.#scopes.some(({ limits }) => limits[dimension] !== undefined);
  }

  /** The first thing that is limited around a path and that a child with this budget could use without end; or null. */
  unbounded(path: string, child: Amounts): RunDimension | null {
    for (const { path: scope, limits } of this.#scopes) {
      if (!encloses(scope, path)) continue;
      const found = SUMMED.find((dimension) => limits[dimension] !== undefined && child[dimension] === undefined);
      if (found) return found;
    }
    return null;
  }

  /** Opens a limited scope. Its path was not used before: a part is limited when it begins. Nothing limits nothing. */
  limit(scope: LimitedScope): void {
    if (this.#scopes.some(({ path, level, by }) => path === scope.path && level === scope.level && by === scope.by)) {
      return;
    }
    if (Object.keys(scope.limits).length > 0) this.#scopes.push({ ...scope, taken: {} });
  }

  /** Control has come back from whoever acted by this delegation: what it was limited to limits nobody any more. */
  lift(by: DelegationId): void {
    const at = this.#scopes.findIndex((scope) => scope.by === by);
    if (at >= 0) this.#scopes.splice(at, 1);
  }

  /** The narrowest limit that the step would cross, with what `beside` it takes at the same time; null when it fits. */
  crossing(asked: Asked, beside: readonly Pick<Asked, 'path' | 'bound'>[] = []): Crossing | null {
    let found: { readonly crossing: Crossing; readonly length: number } | null = null;
    for (const scope of this.#scopes) {
      if (!encloses(scope.path, asked.path) || (found !== null && scope.path.length < found.length)) continue;
      const crossing = crossed(withBeside(scope, beside), asked);
      if (crossing !== null) found = { crossing, length: scope.path.length };
    }
    return found?.crossing ?? null;
  }

  reserve(step: number, attempt: number, { path, bound }: Pick<Asked, 'path' | 'bound'>): void {
    if (!this.limits) return;
    this.#open.set(keyOf(step, attempt), { path, bound });
    this.#change(path, (taken) => plus(taken, bound));
  }

  /** `used` null: nobody knows, so the bound stays charged. Settling twice changes nothing. */
  settle(step: number, attempt: number, used: Amounts | null): void {
    const key = keyOf(step, attempt);
    const open = this.#open.get(key);
    if (!open) return;
    this.#open.delete(key);
    if (used !== null) this.#change(open.path, (taken) => plus(minus(taken, open.bound), used));
  }

  /** A child run has reported: what was set aside for it at `path` and not used is there again. */
  giveBack(path: string, share: Amounts, used: Amounts): void {
    if (this.limits) this.#change(path, (taken) => plus(minus(taken, share), used));
  }

  /** What the run as a whole has used of what it is limited in; nothing where nothing is limited. */
  get used(): Amounts {
    return this.#scopes.find(({ path, level }) => path === '' && level === 'run')?.taken ?? {};
  }

  /** What is left for a part below `path`: no part gets more than any scope around it still has. */
  room(path: string, now: number): Amounts {
    const room: { [D in RunDimension]?: number } = {};
    for (const scope of this.#scopes) {
      if (!encloses(scope.path, path)) continue;
      for (const [name, limit] of Object.entries(scope.limits) as [RunDimension, number][]) {
        const used = name === 'wall_ms' ? now - scope.since : name === 'depth' ? 0 : (scope.taken[name] ?? 0);
        room[name] = Math.min(room[name] ?? Infinity, Math.max(0, limit - used));
      }
    }
    return room;
  }

  /** How every limited scope stands, for people. */
  standing(): readonly (LimitedScope & { readonly taken: Amounts })[] {
    return this.#scopes;
  }

  #change(path: string, change: (taken: Amounts) => Amounts): void {
    for (const scope of this.#scopes) if (encloses(scope.path, path)) scope.taken = change(scope.taken);
  }
}

function withBeside(scope: Scope, beside: readonly Pick<Asked, 'path' | 'bound'>[]): Scope {
  const within = beside.filter(({ path }) => encloses(scope.path, path));
  if (within.length === 0) return scope;
  return { ...scope, taken: within.reduce((taken, { bound }) => plus(taken, bound), scope.taken) };
}

function crossed(scope: Scope, asked: Asked): Crossing | null {
  const { path, level, limits } = scope;
  const over = (dimension: RunDimension, after: number): Crossing | null => {
    const limit = limits[dimension];
    return limit !== undefined && after > limit ? { scope: { path, level }, dimension, limit, after } : null;
  };
  for (const dimension of SUMMED) {
    const more = asked.bound[dimension] ?? 0;
    const crossing = more > 0 ? over(dimension, (scope.taken[dimension] ?? 0) + more) : null;
    if (crossing) return crossing;
  }
  return over('depth', asked.depth) ?? over('wall_ms', asked.now - scope.since);
}

const WORDS: { readonly [D in RunDimension]: string } = {
  model_calls: 'model calls',
  tool_calls: 'tool calls',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  tokens: 'tokens',
  cost_micros: 'millionths of its currency',
  handoffs: 'handoffs',
  wall_ms: 'milliseconds',
  depth: 'agents in a chain',
};

/** The refusal a run sees. A budget is not a denial and not a full machine: its code and class are its own. */
export function exhausted({ scope, dimension, limit, after }: Crossing, target: string): Failure {
  const of = scope.level === 'run' ? 'the run' : `the ${scope.level} at ${scope.path}`;
  return {
    code: 'budget_exhausted',
    class: 'budget',
    message: `${of} may use ${limit} ${WORDS[dimension]} and ${target} would make it ${after}`,
    next: 'Start the run with a larger budget, or let it do less.',
    details: { limit, name: WORDS[dimension], dimension, scope: scope.level, path: scope.path },
  };
}
