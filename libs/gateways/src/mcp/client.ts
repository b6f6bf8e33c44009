/** All of the MCP transport that stands on the client library: `mcp-transport.ts` loads it when it is first needed. */
export { McpConnection } from './connection';
export { failureOf } from './failures';
