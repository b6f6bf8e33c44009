import type { Failure, Json, JsonObject } from '@writ/kernel';
import type { ModelReply, ToolSpec } from '../types';

export type RelayAnswer<T> =
  | { readonly ok: true; readonly value: T }
  /** `said` is all that the framework hears of it. */
  | { readonly ok: false; readonly failure: Failure; readonly said: string };

/** What one call of an external framework may ask for while it lasts: one model, and the tools of its agent. */
export interface RelaySession {
  readonly model: string;
  readonly tools: readonly ToolSpec[];
  /** A turn of the model; the request holds what the framework may say of it. */
  ask(request: JsonObject): Promise<RelayAnswer<ModelReply>>;
  /** A call of a tool by its exact name. */
  call(name: string, args: JsonObject): Promise<RelayAnswer<Json>>;
}
