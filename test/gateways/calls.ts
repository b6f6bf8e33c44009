import {
  type CallLimits,
  type CallOutcome,
  EgressGuard,
  httpTransport,
  mcpTransport,
  type ModelCall,
  readEgressRules,
  type ToolCall,
  type ToolEndpoint,
  ToolGateway,
  type ToolTransport,
} from '@writ/gateways';
import type { JsonObject } from '@writ/kernel';
import type { OpenPermit } from '@writ/policy';
import { TENANT } from './office';

export const limits = (given: Partial<CallLimits> = {}): CallLimits => ({
  signal: new AbortController().signal,
  timeoutMs: 20_000,
  maxBytes: 1_048_576,
  ...given,
});

export const modelCall = (baseUrl: string, request: JsonObject, given: Partial<ModelCall> = {}): ModelCall => ({
  target: 'model_one',
  model: 'scripted',
  baseUrl,
  apiKeyEnv: 'TEST_MODEL_KEY',
  request,
  ...given,
});

export const toolCall = (endpoint: ToolEndpoint, args: JsonObject = {}, given: Partial<ToolCall> = {}): ToolCall => ({
  tenant: TENANT,
  target: 'tool_one',
  door: 'tool',
  effect: 'irreversible',
  endpoint,
  args,
  ...given,
});

/** What a table says of an outcome. */
export type Summary = readonly [code: string, class_: string, landed: string] | readonly ['ok'];

export const summary = (outcome: CallOutcome<unknown>): Summary =>
  outcome.kind === 'ok' ? ['ok'] : [outcome.failure.code, outcome.failure.class, outcome.landed];

/** Every transport behind one gateway; `egress` is what the operator would write into WRIT_EGRESS. */
export const gatewayOver = (open: OpenPermit, functions: ToolTransport, egress = 'public'): ToolGateway =>
  new ToolGateway({
    function: functions,
    mcp: mcpTransport({ open, env: {} }),
    http: httpTransport({ open, env: {}, guard: new EgressGuard({ rules: readEgressRules(egress) }) }),
  });
