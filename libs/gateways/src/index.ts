export { DOORS } from './doors';
export { EgressGuard, type Lookup } from './egress/guard';
export { readEgressRules } from './egress/rules';
export { httpTransport } from './http-tool/http-transport';
export { type ListCall, type McpOptions, McpTransport, mcpTransport, type RemoteTool } from './mcp/mcp-transport';
export { type OpenAiOptions, openAiProvider } from './model/openai-provider';
export { Relay } from './relay/relay';
export type { ScriptInput, TurnInput } from './scripted/script';
export {
  type JournalEntry,
  type ScriptedModel,
  type ScriptedModelOptions,
  startScriptedModel,
} from './scripted/server';
export { fromModule } from './sandbox/from-module';
export type { FunctionContext, ToolFunction } from './tools/function';
export { functionTransport } from './tools/function-transport';
export { ToolGateway, type Transports } from './tools/tool-gateway';
export type {
  CallLimits,
  CallOutcome,
  ChatMessage,
  HttpRequest,
  HttpService,
  McpServer,
  ModelCall,
  ModelProvider,
  ModelReply,
  ToolCall,
  ToolEndpoint,
  ToolReply,
  ToolRequest,
  ToolSpec,
  ToolTransport,
} from './types';
