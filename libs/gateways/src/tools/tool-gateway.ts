import type { Permit } from '@writ/policy';
import type { CallLimits, CallOutcome, ToolCall, ToolEndpoint, ToolReply, ToolTransport } from '../types';

export type Transports = { readonly [T in ToolEndpoint['type']]: ToolTransport };

/** Reaches a tool by the transport its endpoint names. */
export class ToolGateway implements ToolTransport {
  constructor(private readonly transports: Transports) {}

  invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>> {
    return this.transports[call.endpoint.type].invoke(permit, call, limits);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.transports).map((transport) => transport.close()));
  }
}
