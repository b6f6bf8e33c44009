import { branchOf } from '../path';
import type { Lane } from './types';

interface OpenLane {
  readonly path: string;
  readonly agent: string | null;
  readonly spans: { from_ms: number; to_ms: number | null }[];
}

/**
 * Who was in control, and when: one lane per agent of a node, and one for the workflow's own steps in each branch.
 * Branches run side by side, and each has one owner at a time.
 */
export class Lanes {
  readonly #lanes: OpenLane[] = [];
  readonly #index = new Map<string, number>();
  /** Lane in control, by branch. */
  readonly #inControl = new Map<string, number>();

  /** The lane of an act at this place; whoever had control before has lost it. */
  enter(path: string, agent: string | null, at: number): number {
    const branch = branchOf(path);
    const own = agent === null ? branch : path;
    const key = JSON.stringify([own, agent]);
    let index = this.#index.get(key);
    if (index === undefined) {
      index = this.#lanes.push({ path: own, agent, spans: [] }) - 1;
      this.#index.set(key, index);
    }
    if (this.#inControl.get(branch) !== index) {
      this.leave(branch, at);
      this.#lanes[index]!.spans.push({ from_ms: at, to_ms: null });
      this.#inControl.set(branch, index);
    }
    return index;
  }

  /** Nobody is in control of a branch any more. */
  leave(branch: string, at: number): void {
    const index = this.#inControl.get(branch);
    const last = index === undefined ? undefined : this.#lanes[index]?.spans.at(-1);
    if (last && last.to_ms === null) last.to_ms = at;
    this.#inControl.delete(branch);
  }

  leaveAll(at: number): void {
    for (const branch of [...this.#inControl.keys()]) this.leave(branch, at);
  }

  view(): readonly Lane[] {
    return this.#lanes;
  }
}
