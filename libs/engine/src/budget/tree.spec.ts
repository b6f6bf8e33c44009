import fc from 'fast-check';
import { newId } from '@writ/kernel';
import { childBudget, overBudget } from '../budget';
import type { RunEvent, RunStarted } from '../events';
import { apply, begin } from '../fold';
import type { HeldRun } from '../held-run';
import type { Proposal } from '../proposal';
import type { RunBudget } from '../run-budget';
import type { RunState } from '../state';
import { overLimits } from './in-run';

type Dimension = 'tool_calls' | 'handoffs';
const DIMENSIONS: readonly Dimension[] = ['tool_calls', 'handoffs'];
/** Parts of every run: two branches, one in the other, and a piece of work beside them. */
const PARTS = ['=x', '=x/in/=y', '=d1'] as const;
const PLACES = ['', ...PARTS] as const;

interface Scope {
  readonly run: Run;
  readonly path: string;
  readonly limits: RunBudget;
  readonly used: { [D in Dimension]: number };
}

/** A run of a tree, led by nobody: its state, and what was really done in each of its parts and below them. */
class Run {
  readonly state: RunState;
  readonly scopes: Scope[] = [];
  readonly children: { readonly run: Run; readonly path: string }[] = [];
  step = 0;

  constructor(
    readonly budget: RunBudget,
    readonly above: { readonly run: Run; readonly path: string } | null,
  ) {
    this.state = begin({ type: 'run_started', at: 0, budget, input: {}, bill: [] } as unknown as RunStarted);
    this.limit('', budget);
  }

  limit(path: string, limits: RunBudget): void {
    this.scopes.push({ run: this, path, limits, used: { tool_calls: 0, handoffs: 0 } });
    if (path !== '') this.state.ledger.limit({ path, level: 'branch', limits, since: 0 });
  }

  /** Every limited part around a place, in this run and in those above it. */
  around(path: string): readonly Scope[] {
    const own = this.scopes.filter(
      (scope) => scope.path === '' || path === scope.path || path.startsWith(`${scope.path}/`),
    );
    return this.above ? [...own, ...this.above.run.around(this.above.path)] : own;
  }

  allows(proposed: Proposal): boolean {
    const held = { state: this.state } as unknown as HeldRun;
    return !overBudget(this.state, proposed, []) && !overLimits(held, proposed, { beside: [], now: 1 });
  }

  put(event: object): void {
    apply(this.state, event as RunEvent);
  }

  /** One step at a place, if the limits let it. */
  act(kind: 'tool' | 'delegate', path: string): void {
    const at = `${path === '' ? '' : `${path}/`}s${(this.step += 1)}`;
    if (!this.allows({ kind, path: at, target: 't', details: {}, args: {}, argsText: '' } as unknown as Proposal))
      return;
    this.#done({ kind, path: at, target: 't' });
    const dimension: Dimension = kind === 'tool' ? 'tool_calls' : 'handoffs';
    for (const scope of this.around(at)) scope.used[dimension] += 1;
  }

  start(path: string, asked: RunBudget): Run | null {
    const at = `${path === '' ? '' : `${path}/`}r${(this.step += 1)}`;
    const budget = childBudget(this.state, { path: at, asked, now: 1 });
    const child = { run: newId('run'), root: newId('run'), depth: 1, budget, deadline_at: null, leave: false };
    const proposed = { kind: 'run', path: at, target: 'w', details: { child }, args: {}, argsText: '' };
    if (!this.allows(proposed as unknown as Proposal)) return null;
    this.#done({ kind: 'run', path: at, target: 'w', child });
    const run = new Run(budget, { run: this, path: at });
    this.children.push({ run, path: at });
    return run;
  }

  /** As a child reports: what it counted itself. */
  end({ run, path }: { readonly run: Run; readonly path: string }): void {
    const { usage, ledger } = run.state;
    const child = this.state.children.get(path)!.run;
    const handoffs = run.budget.handoffs === undefined ? {} : { handoffs: ledger.used.handoffs ?? 0 };
    const report = { status: 'succeeded', output: null, usage: { ...usage, ...handoffs } };
    this.put({ type: 'child_ended', at: 1, mail: newId('mail'), by: child, path, run: child, ...report });
  }

  #done(intent: object): void {
    const place = { at: 1, step: this.step, attempt: 1 };
    const decision = { id: 'dec_0', reason: 'allowed' };
    this.put({ type: 'step_intended', ...place, agent: null, effect: 'read', decision, ...intent });
    this.put({ type: 'step_settled', ...place, outcome: 'ok', result: null, final: true });
  }
}

const limits: fc.Arbitrary<RunBudget> = fc.record(
  { tool_calls: fc.nat(12), handoffs: fc.nat(6) },
  { requiredKeys: [] },
);
const wish = fc.record({
  /** Which of the runs that are not over, and where in it. */
  run: fc.nat(50),
  place: fc.constantFrom(...PLACES),
  what: fc.constantFrom('tool', 'tool', 'delegate', 'child', 'child', 'end'),
  asked: limits,
  parts: fc.array(limits, { minLength: PARTS.length, maxLength: PARTS.length }),
});

describe('limits over a tree of runs', () => {
  it('[I13] [I6] no part, and nothing below it, ever does more than any part around it may; no child may more than its parent', () => {
    let refused = 0;
    fc.assert(
      fc.property(limits, fc.array(wish, { minLength: 10, maxLength: 80 }), (budget, wishes) => {
        const root = new Run(budget, null);
        PARTS.forEach((path, i) => root.limit(path, wishes[i]!.asked));
        const alive: Run[] = [root];
        for (const { run: which, place, what, asked, parts } of wishes) {
          const run = alive[which % alive.length]!;
          if (what === 'tool' || what === 'delegate') run.act(what, place);
          else if (what === 'child') {
            const child = run.start(place, asked);
            if (!child) refused += 1;
            else {
              PARTS.forEach((path, i) => child.limit(path, parts[i]!));
              for (const scope of run.around(child.above!.path)) {
                for (const dimension of DIMENSIONS) {
                  const most = scope.limits[dimension];
                  if (most !== undefined) expect(child.budget[dimension]).toBeLessThanOrEqual(most);
                }
              }
              alive.push(child);
            }
          } else if (run.above && run.children.every(({ run: below }) => !alive.includes(below))) {
            alive.splice(alive.indexOf(run), 1);
            run.above.run.end({ run, path: run.above.path });
          }
          for (const { scopes } of alive) {
            for (const { limits: most, used } of scopes) {
              for (const dimension of DIMENSIONS) {
                expect(used[dimension]).toBeLessThanOrEqual(most[dimension] ?? Infinity);
              }
            }
          }
        }
      }),
      { seed: 4, numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('[I13] what a child did not use is there again, to the last unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(10), fc.constantFrom(...PLACES), (most, uses, place) => {
        const root = new Run({ tool_calls: most, handoffs: most }, null);
        const child = root.start(place, {})!;
        for (let i = 0; i < uses; i++) child.act(i % 2 === 0 ? 'tool' : 'delegate', '');
        expect(root.start(place, {})?.budget).toMatchObject({ tool_calls: 0, handoffs: 0 });
        root.end({ run: child, path: child.above!.path });
        const { tool_calls: tools, handoffs } = child.scopes[0]!.used;
        expect(root.start(place, {})?.budget).toMatchObject({ tool_calls: most - tools, handoffs: most - handoffs });
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
