import type { HttpRequest, HttpService, McpServer, ToolEndpoint } from '@writ/gateways';
import type { JsonObject } from '@writ/kernel';
import type {
  AgentDefinition,
  BillOfMaterials,
  ServerDefinition,
  ServiceDefinition,
  ToolDefinition,
} from '@writ/registry';

/** What tools are reached by. */
interface Reached {
  readonly servers: ReadonlyMap<string, { readonly definition: ServerDefinition }>;
  readonly services: ReadonlyMap<string, { readonly definition: ServiceDefinition }>;
}

/** How a tool of the bill is reached: its endpoint, with the server or service it names filled in. */
export function endpointOf(bill: Reached, { endpoint }: ToolDefinition): ToolEndpoint {
  switch (endpoint.type) {
    case 'function':
      return endpoint;
    case 'mcp':
      return { type: 'mcp', server: serverOf(bill.servers.get(endpoint.server)!.definition), tool: endpoint.tool };
    case 'http':
      return {
        type: 'http',
        service: serviceOf(bill.services.get(endpoint.service)!.definition),
        request: requestOf(endpoint),
      };
  }
}

/** An external framework: one POST with what was decided, and beside it where the framework makes its own calls. */
export function frameworkEndpoint(
  bill: BillOfMaterials,
  { service, path }: NonNullable<AgentDefinition['framework']>,
  { url, token }: { readonly url: string; readonly token: string },
): ToolEndpoint {
  const known = serviceOf(bill.services.get(service)!.definition);
  return {
    type: 'http',
    service: { ...known, headers: { ...known.headers, 'x-writ-relay': url, 'x-writ-relay-token': token } },
    request: {
      method: 'POST',
      path,
      query: {},
      headers: {},
      body: { $from: '' },
      keyHeader: 'idempotency-key',
      attemptHeader: 'x-writ-attempt',
    },
  };
}

function serverOf({ name, transport }: ServerDefinition): McpServer {
  if (transport.type === 'http') {
    return { name, transport: 'http', url: transport.url, headersEnv: transport.headers_env };
  }
  return { name, transport: 'stdio', command: transport.command, args: transport.args, env: transport.env };
}

const serviceOf = ({ name, origin, headers, headers_env, redirects }: ServiceDefinition): HttpService => ({
  ...{ name, origin, headers, redirects },
  headersEnv: headers_env,
});

const requestOf = (endpoint: Extract<ToolDefinition['endpoint'], { type: 'http' }>): HttpRequest => ({
  method: endpoint.method,
  path: endpoint.path,
  query: endpoint.query as JsonObject,
  headers: endpoint.headers as JsonObject,
  body: endpoint.body ?? null,
  keyHeader: endpoint.idempotency_key ?? null,
  attemptHeader: endpoint.attempt ?? null,
});
