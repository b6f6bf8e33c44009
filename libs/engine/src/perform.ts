import { assertNever, type Json } from '@writ/kernel';
import type { ModelReply, ToolReply } from '@writ/gateways';
import { honouring } from '@writ/policy';
import type { BillOfMaterials, ModelDefinition, ToolDefinition } from '@writ/registry';
import { inSpan, openSpan } from '@writ/telemetry';
import type { Doors, Performed, Warrant } from './doors';
import { endpointOf, frameworkEndpoint } from './endpoint';
import type { Callee } from './guard/callees';

const MODEL_BYTES = 4 * 1024 * 1024;

/**
 * Performs one effect. The only functions among the libraries that mint a permit or call a gateway stand in this file.
 * INVARIANT (I1): every branch mints its permit here, from the committed decision, and hands it to the door, which opens
 * it directly before the socket write.
 */
export function perform(doors: Doors, bill: BillOfMaterials, warrant: Warrant): Promise<Performed> | Performed {
  const { proposed, step } = warrant;
  switch (proposed.kind) {
    case 'model':
      return callModel(doors, bill.models.get(proposed.target)!.definition, warrant);
    case 'tool':
    case 'data':
      return callTool(doors, bill.tools.get(proposed.target)!.definition, { ...warrant, by: bill });
    case 'handoff':
    case 'delegate': {
      const span = openSpan('handoff', { handoffFrom: proposed.agent ?? '', handoffTo: proposed.target, step });
      const permit = doors.permits.mint(permitFor(warrant));
      const opened = doors.permits.open(permit, {
        door: proposed.kind,
        target: proposed.target,
        presented: proposed.args,
      });
      if (!opened.ok) span.fail(opened.failure.code);
      span.end();
      if (!opened.ok) return { outcome: { kind: 'failed', failure: opened.failure, landed: 'no' }, tokens: 0 };
      return { outcome: { kind: 'ok', value: { to: proposed.target } }, tokens: 0 };
    }
    case 'board':
    case 'message': {
      const permit = doors.permits.mint(permitFor(warrant));
      const opened = doors.permits.open(permit, {
        door: proposed.kind,
        target: proposed.target,
        presented: proposed.args,
      });
      if (!opened.ok) return { outcome: { kind: 'failed', failure: opened.failure, landed: 'no' }, tokens: 0 };
      // What comes of it depends on what others have shared meanwhile: it is found when it is recorded.
      return { outcome: { kind: 'ok', value: null }, tokens: 0 };
    }
    case 'agent':
      return callFramework(doors, bill, warrant);
    case 'run': {
      const permit = doors.permits.mint(permitFor(warrant));
      const opened = doors.permits.open(permit, { door: 'run', target: proposed.target, presented: proposed.args });
      if (!opened.ok) return { outcome: { kind: 'failed', failure: opened.failure, landed: 'no' }, tokens: 0 };
      if (!doors.children) throw new Error('this process starts no child runs');
      return doors.children.start(warrant, bill);
    }
    case 'check':
      return proposed.callee ? ask(doors, proposed.callee, warrant) : notAsked(proposed.target);
    case 'start':
    case 'finish': {
      // Nothing leaves: what is permitted is that this run goes on, or that it ends with its answer.
      const permit = doors.permits.mint(permitFor(warrant));
      const opened = doors.permits.open(permit, { door: 'run', target: proposed.target, presented: proposed.args });
      if (!opened.ok) return { outcome: { kind: 'failed', failure: opened.failure, landed: 'no' }, tokens: 0 };
      return { outcome: { kind: 'ok', value: null }, tokens: 0 };
    }
    default:
      return assertNever(proposed.kind, 'step kind');
  }
}

function permitFor({ proposed, decision, committed, step, attempt, key }: Warrant) {
  const { door, target, args } = proposed;
  return { decision, committed, door, target, args, step, attempt, key };
}

/** Asks whom a guardrail asks, for as long as it says and no longer. */
function ask(doors: Doors, callee: Callee, warrant: Warrant): Promise<Performed> {
  const { definition, servers, services } = callee;
  return definition.kind === 'model'
    ? callModel(doors, definition, warrant)
    : callTool(doors, definition, { ...warrant, by: { servers, services } });
}

const notAsked = (target: string): Performed => ({
  outcome: {
    kind: 'failed',
    failure: { code: 'callee_unknown', class: 'permanent', message: `${target} is not published any more` },
    landed: 'no',
  },
  tokens: 0,
});

/** A guardrail waits no longer than it says. */
const timeOf = ({ details }: Warrant['proposed'], own: number): number =>
  Math.min(own, details.check?.timeout_ms ?? Infinity);

async function callModel(doors: Doors, model: ModelDefinition, warrant: Warrant): Promise<Performed> {
  const { proposed, step, attempt, signal } = warrant;
  const span = openSpan('model', { model: model.model, step, attempt });
  const { tenant, run } = warrant.committed;
  const shown = proposed.args['stream'] === true && proposed.quiet !== true;
  const speech = shown ? doors.said?.speech({ tenant, run, step, attempt }) : undefined;
  const outcome = await inSpan(span, () =>
    doors.models.complete(
      doors.permits.mint(permitFor(warrant)),
      {
        target: proposed.target,
        model: model.model,
        baseUrl: process.env[model.base_url_env] ?? '',
        apiKeyEnv: model.api_key_env,
        request: proposed.args,
      },
      {
        signal,
        timeoutMs: timeOf(proposed, model.timeout_ms),
        maxBytes: MODEL_BYTES,
        ...(speech && { onText: (text: string) => speech.heard(text) }),
      },
    ),
  ).finally(() => speech?.over());
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

/** Calls the framework that leads an agent. Its token goes beside what was decided, and to the service's origin only. */
async function callFramework(doors: Doors, bill: BillOfMaterials, warrant: Warrant): Promise<Performed> {
  const { proposed, step, attempt, signal, relay } = warrant;
  const { framework } = bill.agents.get(proposed.target)!.definition;
  if (!framework || !relay) throw new Error(`agent ${proposed.target} is called as a framework and is none`);
  const span = openSpan('tool', { tool: proposed.target, step, attempt });
  const outcome = await inSpan(span, () =>
    doors.tools.invoke(
      doors.permits.mint(permitFor(warrant)),
      {
        tenant: warrant.committed.tenant,
        target: proposed.target,
        door: 'agent',
        effect: proposed.effect,
        endpoint: frameworkEndpoint(bill, framework, relay),
        args: proposed.args,
      },
      { signal, timeoutMs: framework.timeout_ms, maxBytes: framework.max_bytes },
    ),
  );
  if (outcome.kind === 'failed') span.fail(outcome.failure.code);
  span.end();
  if (outcome.kind === 'failed') return { outcome, tokens: 0 };
  return answered(outcome.value);
}

const answered = ({ content, text }: ToolReply): Performed => ({
  outcome: { kind: 'ok', value: content },
  tokens: 0,
  text,
});

async function callTool(
  doors: Doors,
  tool: ToolDefinition,
  warrant: Warrant & { readonly by: Parameters<typeof endpointOf>[0] },
): Promise<Performed> {
  const { proposed, decision, step, attempt, signal, by } = warrant;
  // Nearly every call owes nothing.
  const owes = proposed.kind === 'tool' && decision.obligations.length > 0;
  const sandbox = owes ? honouring.confinementOf(decision.obligations) : null;
  const span = openSpan('tool', { tool: proposed.target, step, attempt });
  const outcome = await inSpan(span, () =>
    doors.tools.invoke(
      doors.permits.mint(permitFor(warrant)),
      {
        tenant: warrant.committed.tenant,
        target: proposed.target,
        door: proposed.kind === 'tool' ? 'tool' : 'data',
        effect: proposed.effect,
        endpoint: endpointOf(by, tool),
        args: proposed.args,
        ...(sandbox && { sandbox }),
      },
      { signal, timeoutMs: timeOf(proposed, tool.timeout_ms), maxBytes: tool.max_bytes },
    ),
  );
  if (outcome.kind === 'failed') span.fail(outcome.failure.code);
  span.end();
  if (outcome.kind === 'failed') return { outcome, tokens: 0 };
  return answered(outcome.value);
}
