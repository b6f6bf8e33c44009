import type { JsonObject } from '@writ/kernel';
import { redactText } from '@writ/telemetry';
import type { Opened, OpenPermit, Permit } from '@writ/policy';
import { CutShort, Deadline } from '../deadline';
import { failed, lostClass, refusedBy } from '../outcome';
import type { CallLimits, CallOutcome, ToolCall, ToolReply, ToolTransport } from '../types';
import { toolReply } from './content';

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

export interface FunctionTransportOptions {
  readonly open: OpenPermit;
  readonly functions: { readonly [name: string]: ToolFunction } | ReadonlyMap<string, ToolFunction>;
}

const MAX_QUOTE = 500;

/** A thrown value as one safe line; never its stack, which may hold paths and values. */
function thrownText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return redactText(message).replaceAll('\u0000', ' ').toWellFormed().slice(0, MAX_QUOTE);
}

/** Tools that are functions of this process. A synchronous endless loop cannot be stopped: keep such code out. */
export class FunctionTransport implements ToolTransport {
  private readonly functions: ReadonlyMap<string, ToolFunction>;

  constructor(private readonly options: FunctionTransportOptions) {
    const { functions } = options;
    this.functions = functions instanceof Map ? functions : new Map(Object.entries(functions));
  }

  async invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>> {
    const name = call.endpoint.type === 'function' ? call.endpoint.function : '';
    const run = this.functions.get(name);
    if (!run) {
      return failed({
        code: 'tool_function_unknown',
        class: 'permanent',
        landed: 'no',
        message: `no function ${JSON.stringify(name)} is registered in this process`,
        next: 'register it when the worker starts, or correct the tool definition',
      });
    }
    const deadline = new Deadline(limits);
    try {
      if (deadline.cut !== null) return this.cutShort(call, deadline, false);
      const opened = this.options.open(permit, { door: call.door, target: call.target, presented: call.args });
      if (!opened.ok) return refusedBy(opened.failure);
      const { args, key, attempt, tenant, run: runId } = opened.value;
      const context = { signal: deadline.signal, idempotencyKey: key, attempt, tenant, run: runId };
      const value = await deadline.race(Promise.resolve().then(() => run(args, context)));
      return toolReply(value, limits.maxBytes);
    } catch (error) {
      if (error instanceof CutShort) return this.cutShort(call, deadline, true);
      return failed({
        code: 'tool_threw',
        class: 'permanent',
        landed: 'yes',
        message: `the tool failed: ${thrownText(error)}`,
      });
    } finally {
      deadline.dispose();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private cutShort(call: ToolCall, deadline: Deadline, begun: boolean): CallOutcome<never> {
    const landed = begun ? 'maybe' : 'no';
    if (deadline.cut === 'cancelled') {
      return failed({ code: 'call_cancelled', class: 'cancelled', landed, message: 'the tool call was cancelled' });
    }
    const message = 'the tool did not answer in time';
    return failed({ code: 'tool_timeout', class: lostClass(call.effect, landed), landed, message });
  }
}

export function functionTransport(options: FunctionTransportOptions): ToolTransport {
  return new FunctionTransport(options);
}
