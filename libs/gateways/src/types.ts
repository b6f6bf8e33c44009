import type { Failure, Json, JsonObject, TenantId } from '@writ/kernel';
import type { Permit } from '@writ/policy';
import type { EffectClass, Landed } from '@writ/words';
import type { SandboxProfile } from './sandbox/profile';

/** How a call ended. */
export type CallOutcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly landed: Landed };

export interface CallLimits {
  readonly signal: AbortSignal;
  /** Milliseconds from the start of the call. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Told a streamed reply's text as it comes, in order. For watching: it must neither wait nor throw. */
  readonly onText?: (text: string) => void;
}

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string | null; readonly toolCalls: readonly ToolRequest[] }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string };

export interface ToolRequest {
  readonly callId: string;
  readonly name: string;
  /** The model's own text: parsed and checked by the engine, which answers an unparsable one as an error turn. */
  readonly argumentsText: string;
}

export interface ModelReply {
  readonly content: string | null;
  readonly toolCalls: readonly ToolRequest[];
  readonly finish: 'stop' | 'tool_calls' | 'length' | 'content_filter';
  readonly model: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number; readonly cachedTokens: number };
}

/**
 * One vendor protocol. `request` is the decided argument object in the vendor's own form (`{ model, messages, tools, … }`)
 * and goes out byte for byte in canonical JSON. A failure is worth another attempt when its class is `transient`; what it
 * may have cost is not charged only where it did not land.
 */
export interface ModelProvider {
  complete(permit: Permit, call: ModelCall, limits: CallLimits): Promise<CallOutcome<ModelReply>>;
}

export interface ModelCall {
  /** Name of the model definition: the permit's target. */
  readonly target: string;
  /** The vendor's model id. */
  readonly model: string;
  readonly baseUrl: string;
  /** Environment variable that holds the key: the secret itself never enters a definition, a journal or a span. */
  readonly apiKeyEnv: string | null;
  readonly request: JsonObject;
}

export interface ToolReply {
  /** What the agent is shown. */
  readonly content: Json;
  /** The content as canonical JSON. */
  readonly text: string;
}

/** A way to reach tools. Three exist: functions in this process, MCP servers, and HTTP services behind the egress guard. */
export interface ToolTransport {
  invoke(permit: Permit, call: ToolCall, limits: CallLimits): Promise<CallOutcome<ToolReply>>;
  /** Why calls of this endpoint cannot be confined so, in words; null when they can. Absent: no call can be. */
  confines?(endpoint: ToolEndpoint, profile: SandboxProfile): Promise<string | null>;
  close(): Promise<void>;
}

export interface ToolCall {
  readonly tenant: TenantId;
  /** Name of the tool definition: the permit's target. */
  readonly target: string;
  readonly door: 'tool' | 'data' | 'agent';
  readonly effect: EffectClass;
  readonly endpoint: ToolEndpoint;
  readonly args: JsonObject;
  /** Runs confined so, or not at all. */
  readonly sandbox?: SandboxProfile;
}

export type ToolEndpoint =
  | { readonly type: 'function'; readonly function: string }
  | { readonly type: 'mcp'; readonly server: McpServer; readonly tool: string }
  | { readonly type: 'http'; readonly service: HttpService; readonly request: HttpRequest };

export interface HttpService {
  readonly name: string;
  readonly origin: string;
  /** Sent as they are, to `origin` only. */
  readonly headers: { readonly [header: string]: string };
  /** Header name → environment variable that holds its value. Sent to `origin` only, and where the operator lets it go. */
  readonly headersEnv: { readonly [header: string]: string };
  /** How many redirects of a GET are followed, and to which origins beside `origin`. */
  readonly redirects: { readonly max: number; readonly origins: readonly string[] };
}

/**
 * How arguments become a request. In `query`, `headers` and `body`, `{ "$from": <JSON pointer> }` stands for the part of
 * the arguments the pointer names; a member whose pointer names nothing is left out.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `{name}` stands for an argument, as one path segment or a part of one. */
  readonly path: string;
  readonly query: JsonObject;
  readonly headers: JsonObject;
  /** Null for none; otherwise sent as JSON. */
  readonly body: Json;
  /** Names of the headers that take the step's idempotency key and the number of the attempt. */
  readonly keyHeader: string | null;
  readonly attemptHeader: string | null;
}

export type McpServer = { readonly name: string } & (
  | {
      readonly transport: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** Names of environment variables passed on to the process; no others reach it. */
      readonly env: readonly string[];
    }
  | {
      readonly transport: 'http';
      readonly url: string;
      /** Header name → environment variable that holds its value. */
      readonly headersEnv: { readonly [header: string]: string };
    }
);
