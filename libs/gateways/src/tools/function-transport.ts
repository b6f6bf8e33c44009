import { redactText } from '@writ/telemetry';
import type { OpenPermit, Permit } from '@writ/policy';
import { type Cut, CutShort, Deadline } from '../deadline';
import { failed, lostClass, refusedBy, unconfined } from '../outcome';
import { Confinement, type NetworkLess } from '../sandbox/confinement';
import { type FunctionSource, sourceOf } from '../sandbox/from-module';
import type { SandboxProfile } from '../sandbox/profile';
import { type Confined, runConfined } from '../sandbox/run-confined';
import type { CallLimits, CallOutcome, ToolCall, ToolEndpoint, ToolReply, ToolTransport } from '../types';
import { toolReply, tooLarge } from './content';
import type { ToolFunction } from './function';

export interface FunctionTransportOptions {
  readonly open: OpenPermit;
  readonly functions: { readonly [name: string]: ToolFunction } | ReadonlyMap<string, ToolFunction>;
  /** What this machine can take away from a process; by default found out when it is first needed. */
  readonly confinement?: Confinement;
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';

/** How a function is run for one call: here, or confined. */
interface Housing {
  readonly source: FunctionSource;
  readonly profile: SandboxProfile;
  readonly networkLess: NetworkLess;
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
  private readonly confinement: Confinement;

  constructor(private readonly options: FunctionTransportOptions) {
    const { functions } = options;
    this.functions = functions instanceof Map ? functions : new Map(Object.entries(functions));
    this.confinement = options.confinement ?? new Confinement();
  }

  async confines(endpoint: ToolEndpoint, profile: SandboxProfile): Promise<string | null> {
    const housed = await this.housing(endpoint, profile);
    return typeof housed === 'string' ? housed : null;
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
    const housing = call.sandbox ? await this.housing(call.endpoint, call.sandbox) : null;
    if (typeof housing === 'string') return unconfined(housing);
    if (limits.signal.aborted) return this.cutShort(call, 'cancelled', false);
    const opened = this.options.open(permit, { door: call.door, target: call.target, presented: call.args });
    if (!opened.ok) return refusedBy(opened.failure);
    const { args, key: idempotencyKey, attempt, tenant, run: runId } = opened.value;
    const began = performance.now();
    let deadline: Deadline | null = null;
    // Made when it is needed: what answers at once can be cut short by nothing.
    const due = (): Deadline =>
      (deadline ??= new Deadline({ ...limits, timeoutMs: limits.timeoutMs - (performance.now() - began) }));
    try {
      if (housing) {
        const context = { idempotencyKey, attempt, tenant, run: runId };
        const { signal } = due();
        const confined = { ...housing, args, context, maxBytes: limits.maxBytes, signal };
        return this.answerOf(call, await runConfined(confined), { deadline: due(), maxBytes: limits.maxBytes });
      }
      const context = {
        get signal() {
          return due().signal;
        },
        idempotencyKey,
        attempt,
        tenant,
        run: runId,
      };
      const answer = run(args, context);
      const value = isThenable(answer) ? await due().race(Promise.resolve(answer)) : answer;
      return toolReply(value, limits.maxBytes);
    } catch (error) {
      if (error instanceof CutShort) return this.cutShort(call, due().cut, true);
      return failed({
        code: 'tool_threw',
        class: 'permanent',
        landed: 'yes',
        message: `the tool failed: ${thrownText(error)}`,
      });
    } finally {
      (deadline as Deadline | null)?.dispose();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** How a function can be confined so, or why it cannot. */
  private async housing(endpoint: ToolEndpoint, profile: SandboxProfile): Promise<Housing | string> {
    const name = endpoint.type === 'function' ? endpoint.function : '';
    const work = this.functions.get(name);
    const source = work && sourceOf(work);
    if (!source) return `the function ${JSON.stringify(name)} is no module of its own`;
    const lacks = await this.confinement.lacks(profile);
    if (lacks !== null) return lacks;
    const networkLess = profile.network === 'none' ? ((await this.confinement.networkLess()) ?? []) : [];
    return { source, profile, networkLess };
  }

  private answerOf(
    call: ToolCall,
    confined: Confined,
    { deadline, maxBytes }: { readonly deadline: Deadline; readonly maxBytes: number },
  ): CallOutcome<ToolReply> {
    // Without a network, and with no file it may write, nothing can have come of it.
    const landed = call.sandbox?.network === 'open' ? 'maybe' : 'no';
    switch (confined.kind) {
      case 'value':
        return toolReply(confined.value, maxBytes);
      case 'threw': {
        const what = confined.denied ? 'its sandbox withholds what it reached for: ' : '';
        const message = `the tool failed: ${what}${thrownText(confined.message)}`;
        return failed({
          code: confined.denied ? 'sandbox_denied' : 'tool_threw',
          class: 'permanent',
          landed: 'yes',
          message,
        });
      }
      case 'lost': {
        const message = `the confined tool ended without an answer (${confined.signal ?? confined.code ?? 'not started'})`;
        return failed({ code: 'tool_lost', class: lostClass(call.effect, landed), landed, message });
      }
      case 'ended':
        if (confined.by === 'aborted') return this.cutShort(call, deadline.cut, landed !== 'no');
        if (confined.by === 'answer') return tooLarge(maxBytes);
        return failed({
          code: 'sandbox_exceeded',
          class: landed === 'no' ? 'permanent' : lostClass(call.effect, landed),
          landed,
          message: `the tool used more ${confined.by} than its sandbox allows`,
          details: { limit: confined.by },
        });
    }
  }

  private cutShort(call: ToolCall, cut: Cut | null, begun: boolean): CallOutcome<never> {
    const landed = begun ? 'maybe' : 'no';
    if (cut === 'cancelled') {
      return failed({ code: 'call_cancelled', class: 'cancelled', landed, message: 'the tool call was cancelled' });
    }
    const message = 'the tool did not answer in time';
    return failed({ code: 'tool_timeout', class: lostClass(call.effect, landed), landed, message });
  }
}

export function functionTransport(options: FunctionTransportOptions): ToolTransport {
  return new FunctionTransport(options);
}
