import type { Failure, Hop, Json, JsonObject } from '@writ/kernel';
import type { BillOfMaterials, Node, TemplateScope } from '@writ/registry';
import type { NextStep } from '../next-step';
import type { NodeResult, RunState } from '../state';

/** A node is over, or these are the steps its branches would take next; none means that all of them are under way. */
export type Planned = { readonly ended: NodeResult } | { readonly next: readonly NextStep[] };

/** What templates and conditions may read: only what the run has recorded. */
export type Scope = TemplateScope & { readonly input: JsonObject };

/** What a planner remembers between two looks at the same run, so that step 10,000 costs what step 10 did. */
export interface PlanMemory {
  /** How far a sequence or a loop has come, by path. */
  readonly cursors: Map<string, { index: number; scope: Scope; output: Json }>;
  /** Outputs of nodes that ended well, by path: they never change again. */
  readonly outputs: Map<string, Json>;
  /** Items of maps by key, by path. */
  readonly items: Map<string, ReadonlyMap<string, Json>>;
  /** Of branches side by side: how many had ended when their join was last asked, and the first that has not ended. */
  readonly fans: Map<string, { asked: number; from: number }>;
}

/** Where a pattern plans: pure over these, apart from what it remembers. */
export interface PlanAt {
  readonly path: string;
  readonly state: RunState;
  readonly scope: Scope;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The agents that delegated what is planned here, first to nearest. */
  readonly chain: readonly Hop[];
  readonly bill: BillOfMaterials;
  readonly memory: PlanMemory;
  plan(node: Node, at: PlanAt): Planned;
}

export const ended = (output: Json): Planned => ({ ended: { done: true, output } });

export const failedWith = (failure: Failure): Extract<Planned, { ended: unknown }> => ({
  ended: { done: false, status: 'failed', failure },
});

export const failedAs = (code: string, message: string): Extract<Planned, { ended: unknown }> =>
  failedWith({ code, class: 'permanent', message });
