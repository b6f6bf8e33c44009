import type { Lane } from './types';

interface OpenLane {
  readonly path: string;
  readonly agent: string | null;
  readonly spans: { from_ms: number; to_ms: number | null }[];
}

/** Who was in control, and when: one lane per agent of a node, and one for all steps of the workflow itself. */
export class Lanes {
  readonly #lanes: OpenLane[] = [];
  readonly #index = new Map<string, number>();
  #inControl: number | null = null;

  /** The lane of an act at this place; whoever had control before has lost it. */
  enter(path: string, agent: string | null, at: number): number {
    const own = agent === null ? '' : path;
    const key = JSON.stringify([own, agent]);
    let index = this.#index.get(key);
    if (index === undefined) {
      index = this.#lanes.push({ path: own, agent, spans: [] }) - 1;
      this.#index.set(key, index);
    }
    if (this.#inControl !== index) {
      this.leave(at);
      this.#lanes[index]!.spans.push({ from_ms: at, to_ms: null });
      this.#inControl = index;
    }
    return index;
  }

  /** Nobody is in control any more. */
  leave(at: number): void {
    const last = this.#inControl === null ? undefined : this.#lanes[this.#inControl]?.spans.at(-1);
    if (last && last.to_ms === null) last.to_ms = at;
    this.#inControl = null;
  }

  view(): readonly Lane[] {
    return this.#lanes;
  }
}
