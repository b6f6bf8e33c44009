export { DOORS } from './doors';
export { EgressGuard, type Lookup } from './egress/guard';
export { readEgressRules } from './egress/rules';
export { httpTransport } from './http-tool/http-transport';
export { McpTransport, mcpTransport } from './mcp/mcp-transport';
export { openAiProvider } from './model/openai-provider';
export { Relay } from './relay/relay';
export type { ScriptInput } from './scripted/script';
export { type ScriptedModel, startScriptedModel } from './scripted/server';
export { fromModule } from './sandbox/from-module';
export type { FunctionContext, ToolFunction } from './tools/function';
export { functionTransport } from './tools/function-transport';
export { ToolGateway } from './tools/tool-gateway';
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
