/**
 * Every span and attribute name we emit, in one table. The GenAI conventions are still in development, so names change
 * between versions: code names things in our words, and this table turns them into the words of one pinned version.
 *
 * INVARIANT: no entry carries content (messages, instructions, arguments, results). The conventions make those opt-in;
 * here they have no name at all, so they cannot be switched on by mistake.
 */
export const SEMCONV_VERSIONS = ['1.41.1', '1.36.0'] as const;
export type SemconvVersion = (typeof SEMCONV_VERSIONS)[number];

/** Current names, of semantic-conventions v1.41.1. */
const CURRENT = {
  provider: 'gen_ai.provider.name',
  conversation: 'gen_ai.conversation.id',
  workflow: 'gen_ai.workflow.name',
  agent: 'gen_ai.agent.name',
  agentVersion: 'gen_ai.agent.version',
  model: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  tool: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCall: 'gen_ai.tool.call.id',
  mcpMethod: 'mcp.method.name',
  mcpVersion: 'mcp.protocol.version',
  mcpTransport: 'network.transport',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  error: 'error.type',
  // Ours. The conventions have no word for a decision, a handoff or an audit event.
  auditEvent: 'audit.event_id',
  tenant: 'writ.tenant',
  run: 'writ.run',
  step: 'writ.step',
  attempt: 'writ.attempt',
  decision: 'writ.decision.id',
  verdict: 'writ.decision.verdict',
  reason: 'writ.decision.reason',
  handoffFrom: 'writ.handoff.from',
  handoffTo: 'writ.handoff.to',
  landed: 'writ.call.landed',
  units: 'writ.commit.units',
} as const;

export type AttributeName = keyof typeof CURRENT;
export type AttributeValue = string | number | boolean | readonly string[];
export type Attributes = { readonly [K in AttributeName]?: AttributeValue | undefined };

/** v1.36.0 is what the conventions call the default of existing instrumentations; it lacks the names mapped to null. */
const V1_36: { readonly [K in AttributeName]?: string | null } = {
  provider: 'gen_ai.system',
  workflow: 'writ.workflow',
  agentVersion: null,
  cachedTokens: null,
  mcpMethod: 'writ.mcp.method',
  mcpVersion: null,
};

interface SpanShape {
  readonly kind: 'internal' | 'client';
  /** `gen_ai.operation.name`; null for spans the conventions do not know. */
  readonly operation: string | null;
  /** Span name without its subject; null where the conventions name the span by its method. */
  readonly name: string | null;
  /** The attribute that completes the span's name, as the conventions ask: `chat gpt-4o`, `execute_tool get_order`. */
  readonly subject: AttributeName | null;
}

export const SPANS = {
  run: { kind: 'internal', operation: 'invoke_workflow', name: 'invoke_workflow', subject: 'workflow' },
  turn: { kind: 'internal', operation: 'invoke_agent', name: 'invoke_agent', subject: 'agent' },
  model: { kind: 'client', operation: 'chat', name: 'chat', subject: 'model' },
  tool: { kind: 'internal', operation: 'execute_tool', name: 'execute_tool', subject: 'tool' },
  mcp: { kind: 'client', operation: null, name: null, subject: 'tool' },
  // A service's address holds arguments, so the span of a call to one is named by us, without it.
  http: { kind: 'client', operation: null, name: 'writ.http', subject: null },
  decision: { kind: 'internal', operation: null, name: 'writ.decide', subject: null },
  handoff: { kind: 'internal', operation: null, name: 'writ.handoff', subject: 'handoffTo' },
  commit: { kind: 'internal', operation: null, name: 'writ.commit', subject: null },
  sweep: { kind: 'internal', operation: null, name: 'writ.sweep', subject: null },
} as const satisfies { readonly [kind: string]: SpanShape };

export type SpanKind = keyof typeof SPANS;

/** v1.36.0 knows no `invoke_workflow`. */
const OPERATIONS_1_36: ReadonlySet<string> = new Set(['invoke_agent', 'chat', 'execute_tool']);

/** Attributes a group requires and every caller would repeat. */
const ALWAYS: { readonly [K in SpanKind]?: Attributes } = {
  turn: { provider: 'openai' },
  model: { provider: 'openai' },
};

/** The wire name of one attribute, or null where the version has none. */
function attributeName(name: AttributeName, version: SemconvVersion): string | null {
  if (version === '1.36.0') {
    const older = V1_36[name];
    if (older !== undefined) return older;
  }
  return CURRENT[name];
}

/** All wire names of a version, for checks against the conventions' own model. */
export function allAttributeNames(version: SemconvVersion): string[] {
  const names = (Object.keys(CURRENT) as AttributeName[]).map((name) => attributeName(name, version));
  return ['gen_ai.operation.name', ...names.filter((name) => name !== null)];
}

export function wireAttributes(attributes: Attributes, version: SemconvVersion): Record<string, AttributeValue> {
  const wire: Record<string, AttributeValue> = {};
  for (const key of Object.keys(attributes) as AttributeName[]) {
    const value = attributes[key];
    const name = value === undefined ? null : attributeName(key, version);
    if (name !== null && value !== undefined) wire[name] = value;
  }
  return wire;
}

export interface WireSpan {
  readonly name: string;
  readonly kind: SpanShape['kind'];
  readonly attributes: Record<string, AttributeValue>;
}

export function wireSpan(kind: SpanKind, attributes: Attributes, version: SemconvVersion): WireSpan {
  const shape: SpanShape = SPANS[kind];
  const wire = wireAttributes({ ...ALWAYS[kind], ...attributes }, version);
  const known = version === '1.41.1' || OPERATIONS_1_36.has(shape.operation ?? '');
  if (shape.operation !== null && known) wire['gen_ai.operation.name'] = shape.operation;
  const subject = shape.subject === null ? undefined : attributes[shape.subject];
  const name = shape.name ?? String(attributes.mcpMethod ?? kind);
  return { name: subject === undefined ? name : `${name} ${String(subject)}`, kind: shape.kind, attributes: wire };
}
