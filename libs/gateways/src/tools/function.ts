import type { JsonObject } from '@writ/kernel';
import type { Opened } from '@writ/policy';

/** What a function is told beside its arguments. */
export interface FunctionContext {
  /** Aborted at the timeout or a cancel; what the function still does then is lost. */
  readonly signal: AbortSignal;
  /** Stable over retries of the step. */
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly tenant: Opened['tenant'];
  readonly run: Opened['run'];
}

/** A tool in this process. Returns JSON, or throws; its arguments were checked against the tool's schema. */
export type ToolFunction = (args: JsonObject, context: FunctionContext) => unknown;
