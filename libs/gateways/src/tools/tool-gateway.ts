import type { Permit } from '@writ/policy';
import { unconfined } from '../outcome';
import type { SandboxProfile } from '../sandbox/profile';
import type { CallLimits, CallOutcome, ToolCall, ToolEndpoint, ToolReply, ToolTransport } from '../types';

export type Transports = { readonly [T in ToolEndpoint['type']]: ToolTransport };

/** Reaches a tool by the transport its endpoint names. */
export class ToolGateway implements ToolTransport {
  constructor(private readonly transports: Transports) {}

  invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>> {
    const transport = this.transports[call.endpoint.type];
    // INVARIANT (I7): what must run confined never goes to somebody who would run it as it is.
    if (call.sandbox && !transport.confines) return Promise.resolve(unconfined(ELSEWHERE));
    return transport.invoke(permit, call, limits);
  }

  async confines(endpoint: ToolEndpoint, profile: SandboxProfile): Promise<string | null> {
    const transport = this.transports[endpoint.type];
    return transport.confines ? transport.confines(endpoint, profile) : ELSEWHERE;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.transports).map((transport) => transport.close()));
  }
}

const ELSEWHERE = 'it runs in a process that is not ours to confine';
