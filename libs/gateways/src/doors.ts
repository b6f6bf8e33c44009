import type { Door, Permit } from '@writ/policy';
import type { HttpTransport } from './http-tool/http-transport';
import type { McpTransport } from './mcp/mcp-transport';
import type { OpenAiProvider } from './model/openai-provider';
import type { FunctionTransport } from './tools/function-transport';
import type { ToolGateway } from './tools/tool-gateway';

/** Every part of this room that reaches outside. */
interface Parts {
  readonly OpenAiProvider: OpenAiProvider;
  readonly FunctionTransport: FunctionTransport;
  readonly McpTransport: McpTransport;
  readonly HttpTransport: HttpTransport;
  readonly ToolGateway: ToolGateway;
}

/** The methods of a part that take a permit first. */
type Doorways<T> = {
  [M in keyof T]: T[M] extends (...args: never[]) => unknown
    ? [Parameters<T[M]>[0]] extends [Permit]
      ? M
      : never
    : never;
}[keyof T];

/**
 * Every method that lets something out, and the doors it opens permits at. The type demands an entry for each method
 * that takes a permit, and a test reads the source for any this list does not know, so a new one cannot go untested.
 */
export const DOORS: {
  readonly [P in keyof Parts]: { readonly [M in Doorways<Parts[P]>]: readonly Door[] };
} = {
  OpenAiProvider: { complete: ['model'] },
  FunctionTransport: { invoke: ['tool', 'data'] },
  McpTransport: { invoke: ['tool', 'data'], listTools: ['data'] },
  HttpTransport: { invoke: ['tool', 'data', 'agent'] },
  ToolGateway: { invoke: ['tool', 'data', 'agent'] },
};
