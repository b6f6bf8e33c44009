import { assertNever, type Json } from '@writ/kernel';
import type { CallOutcome, McpServer, ModelProvider, ModelReply, ToolEndpoint, ToolTransport } from '@writ/gateways';
import type { OpenPermit, Permit } from '@writ/policy';
import type { BillOfMaterials, ToolDefinition } from '@writ/registry';
import { inSpan, openSpan } from '@writ/telemetry';
import type { Proposal } from './acts';

/** The doors to the outside, as the engine holds them. */
export interface Doors {
  readonly models: ModelProvider;
  readonly tools: ToolTransport;
  readonly open: OpenPermit;
}

export interface Performed {
  readonly outcome: CallOutcome<Json>;
  readonly tokens: number;
}

export interface CallPlace {
  readonly step: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
}

const MODEL_BYTES = 4 * 1024 * 1024;

/**
 * Performs one permitted effect. The only function among the libraries that calls a gateway.
 * INVARIANT (I1): every branch hands the permit on; the door opens it directly before the socket write.
 */
export async function perform(
  doors: Doors,
  bill: BillOfMaterials,
  call: { readonly proposed: Proposal; readonly permit: Permit; readonly place: CallPlace },
): Promise<Performed> {
  const { proposed, permit, place } = call;
  switch (proposed.kind) {
    case 'model':
      return callModel(doors.models, bill, call);
    case 'tool':
    case 'data':
      return callTool(doors.tools, bill, call);
    case 'handoff': {
      const span = openSpan('handoff', {
        handoffFrom: proposed.agent ?? '',
        handoffTo: proposed.target,
        step: place.step,
      });
      const opened = doors.open(permit, { door: 'handoff', target: proposed.target, presented: proposed.args });
      if (!opened.ok) span.fail(opened.failure.code);
      span.end();
      if (!opened.ok) return { outcome: { kind: 'failed', failure: opened.failure, landed: 'no' }, tokens: 0 };
      return { outcome: { kind: 'ok', value: { to: proposed.target } }, tokens: 0 };
    }
    default:
      return assertNever(proposed.kind, 'step kind');
  }
}

async function callModel(
  models: ModelProvider,
  bill: BillOfMaterials,
  { proposed, permit, place }: { readonly proposed: Proposal; readonly permit: Permit; readonly place: CallPlace },
): Promise<Performed> {
  const model = bill.models.get(proposed.target)!.definition;
  const span = openSpan('model', { model: model.model, step: place.step, attempt: place.attempt });
  const outcome = await inSpan(span, () =>
    models.complete(
      permit,
      {
        target: proposed.target,
        model: model.model,
        baseUrl: process.env[model.base_url_env] ?? '',
        apiKeyEnv: model.api_key_env,
        request: proposed.args,
      },
      { signal: place.signal, timeoutMs: model.timeout_ms, maxBytes: MODEL_BYTES },
    ),
  );
  if (outcome.kind === 'failed') {
    span.fail(outcome.failure.code);
    span.end();
    return { outcome, tokens: 0 };
  }
  const { usage } = outcome.value;
  span.set({ inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, finishReasons: [outcome.value.finish] });
  span.end();
  return { outcome: { kind: 'ok', value: replyJson(outcome.value) }, tokens: usage.inputTokens + usage.outputTokens };
}

const replyJson = (reply: ModelReply): Json => ({
  content: reply.content,
  toolCalls: reply.toolCalls.map((call) => ({ ...call })),
  finish: reply.finish,
  model: reply.model,
  usage: { ...reply.usage },
});

async function callTool(
  tools: ToolTransport,
  bill: BillOfMaterials,
  { proposed, permit, place }: { readonly proposed: Proposal; readonly permit: Permit; readonly place: CallPlace },
): Promise<Performed> {
  const tool = bill.tools.get(proposed.target)!.definition;
  const span = openSpan('tool', { tool: proposed.target, step: place.step, attempt: place.attempt });
  const outcome = await inSpan(span, () =>
    tools.invoke(
      permit,
      {
        target: proposed.target,
        door: proposed.kind === 'data' ? 'data' : 'tool',
        effect: proposed.effect,
        endpoint: endpointOf(bill, tool),
        args: proposed.args,
      },
      { signal: place.signal, timeoutMs: tool.timeout_ms, maxBytes: tool.max_bytes },
    ),
  );
  if (outcome.kind === 'failed') span.fail(outcome.failure.code);
  span.end();
  if (outcome.kind === 'failed') return { outcome, tokens: 0 };
  return { outcome: { kind: 'ok', value: outcome.value.content }, tokens: 0 };
}

function endpointOf(bill: BillOfMaterials, tool: ToolDefinition): ToolEndpoint {
  const { endpoint } = tool;
  if (endpoint.type === 'function') return endpoint;
  const server = bill.servers.get(endpoint.server)!.definition;
  return { type: 'mcp', server: serverOf(server.name, server.transport), tool: endpoint.tool };
}

type Transport =
  | { type: 'stdio'; command: string; args: string[]; env: string[] }
  | { type: 'http'; url: string; headers_env: Record<string, string> };

function serverOf(name: string, transport: Transport): McpServer {
  if (transport.type === 'http') {
    return { name, transport: 'http', url: transport.url, headersEnv: transport.headers_env };
  }
  return { name, transport: 'stdio', command: transport.command, args: transport.args, env: transport.env };
}
