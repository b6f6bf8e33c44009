import type { Json } from '@writ/kernel';
import type { Watched } from '../follow-run';
import type { World } from '../world';

/** What earlier acts left for later ones. */
export interface Story {
  /** The refund that went through four hands. */
  refund?: Watched;
  /** The log's export, and the event that the last act changes in a copy. */
  exported?: { readonly file: string; readonly events: number };
}

/** Figures of an act, for whoever reads the demo as JSON. */
export type Facts = { readonly [name: string]: Json };

/** One act: it does something, claims what came of it, and throws where a claim does not hold. */
export interface Act {
  readonly name: string;
  readonly title: string;
  run(world: World, story: Story): Promise<Facts>;
}
