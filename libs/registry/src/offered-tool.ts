import type { JsonObject } from '@writ/kernel';

/** One function as a model is offered it, and what a call of it means to the engine. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
  readonly means:
    | { readonly type: 'tool'; readonly tool: string }
    | { readonly type: 'handoff'; readonly to: string }
    | { readonly type: 'consult'; readonly agent: string }
    | { readonly type: 'board'; readonly op: 'read' | 'write' }
    | { readonly type: 'message'; readonly op: 'send' | 'read' }
    | { readonly type: 'delegate' }
    | { readonly type: 'update_plan' };
}
