import type { Json } from '@writ/kernel';
import type { CallOutcome, ModelProvider, ToolTransport } from '@writ/gateways';
import type { Decision, PermitOffice } from '@writ/policy';
import type { Committed } from '@writ/database';
import type { BillOfMaterials } from '@writ/registry';
import type { Said } from './live/said';
import type { Proposal } from './proposal';

/** Starts the runs that runs start. */
export interface ChildDoor {
  start(warrant: Warrant, bill: BillOfMaterials): Promise<Performed>;
}

/** The doors to the outside, as the engine holds them. */
export interface Doors {
  readonly models: ModelProvider;
  readonly tools: ToolTransport;
  readonly permits: PermitOffice;
  /** Told what models say while they say it. */
  readonly said?: Pick<Said, 'speech'>;
  children?: ChildDoor;
}

export interface Performed {
  readonly outcome: CallOutcome<Json>;
  readonly tokens: number;
  /** What came of it as canonical JSON, where the door had to write that anyway. */
  readonly text?: string;
}

/** An allowed act whose decision and intent are committed: all that a permit is made from. */
export interface Warrant {
  readonly proposed: Proposal;
  readonly decision: Decision;
  readonly committed: Committed;
  readonly step: number;
  readonly attempt: number;
  /** Stable over the attempts of the step. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** For a call of an external framework: where it makes its own calls, and the token that lets it. */
  readonly relay?: { readonly url: string; readonly token: string };
}
