import type { Json } from '@writ/kernel';
import type { EffectClass } from '@writ/words';
import type { Sink, ToolFlow } from './document';

/** Something that entered a run. `workflow`: its definition wrote it there itself, as people published it. */
export interface FlowSource {
  readonly from: 'input' | 'person' | 'workflow' | 'signal' | 'tool' | 'outside';
  /** The tool that brought it, or what else it is called; empty for the run's input. */
  readonly name: string;
  /** The call that brought it; null where no call did. */
  readonly step: number | null;
  readonly labels: readonly string[];
  readonly value: Json;
}

/** What a decision is told of the run a tool call belongs to. */
export interface FlowFacts {
  /** What has entered the run. Labels here were on record when it entered; what the policy says now is added. */
  readonly sources: readonly FlowSource[];
  /** Something entered while nobody kept account of labels: it counts as untrusted. */
  readonly unlabelled: boolean;
  /** Something has left the run. */
  readonly left: boolean;
  /** What the definition of a tool of this run says of it. */
  readonly tool: (name: string) => DefinedTool | null;
}

export interface DefinedTool {
  readonly flow?: ToolFlow | undefined;
  readonly effect?: EffectClass | undefined;
}

/** What an act means for the run's labels: kept with its decision, so that the next decision knows. */
export interface FlowRecord {
  readonly sink: Sink;
  /** Labels that had entered the run. */
  readonly held: readonly string[];
  /** Labels that its answer brings: the tool's own, and those of its arguments. */
  readonly brings: readonly string[];
  /** Which of the three are together once it is done: `private`, `untrusted`, `egress`. */
  readonly bits: readonly string[];
}
