import { canonicalJson, type JsonObject } from '@writ/kernel';
import { type Node, resolveTemplate } from '@writ/registry';
import { awaited } from '../awaited';
import { branchOf } from '../path';
import type { NodeResult } from '../state';
import { failedAs, type PlanAt, type Planned, type Scope } from './plan-at';

/** A template filled from what the run has; the run's whole input where there is no template. */
export function inputOf(
  template: Parameters<typeof resolveTemplate>[0] | undefined,
  { scope, path }: { readonly scope: Scope; readonly path: string },
): { readonly value: JsonObject } | { readonly ended: NodeResult } {
  if (template === undefined) return { value: scope.input };
  const resolved = resolveTemplate(template, scope);
  if (resolved.ok) return { value: resolved.value };
  const message = `${path === '' ? 'the workflow' : path}: ${resolved.failure.message}`;
  return { ended: { done: false, status: 'failed', failure: { ...resolved.failure, message } } };
}

/** One call of a tool by the workflow itself; with `agent`, under that agent's grants too. */
export function planTool(node: Pick<Extract<Node, { type: 'tool' }>, 'tool' | 'args' | 'agent'>, at: PlanAt): Planned {
  const args = inputOf(node.args, at);
  if ('ended' in args) return args;
  const tool = at.bill.tools.get(node.tool);
  if (!tool) throw new Error(`the bill lacks tool ${node.tool}`);
  const agent = node.agent === undefined ? undefined : at.bill.agents.get(node.agent);
  const chain = agent ? [...at.chain, { agent: agent.definition.name, digest: agent.digest }] : at.chain;
  return { next: [{ type: 'invoke_tool', path: at.path, chain, tool, args: args.value, call: null, written: true }] };
}

/** Waits for a signal, for a time, or for whichever comes first. */
export function planWait(node: Extract<Node, { type: 'wait' }>, at: PlanAt): Planned {
  const { path, state } = at;
  const signal = node.signal ?? null;
  const wait = state.branches.get(branchOf(path))?.wait;
  const started = wait?.for === 'signal' && wait.path === path ? wait : null;
  if (!started) {
    const correlation = correlationOf(node, at);
    if ('ended' in correlation) return correlation;
    return { next: [{ type: 'wait', path, signal, timeoutMs: node.timeout_ms ?? null, ...correlation }] };
  }
  const arrived = awaited(state, started);
  if (arrived) return { next: [{ type: 'end_wait', path, output: arrived.payload }] };
  if (started.until !== null && at.now >= started.until) {
    if (signal === null) return { next: [{ type: 'end_wait', path, output: null }] };
    return failedAs('signal_timeout', `the signal ${signal} did not come in time`);
  }
  return { next: [{ type: 'rest', path, until: started.until }] };
}

/** What a signal must bring to count, where the wait asks for one: a constant, or a value the run has. */
function correlationOf(
  { correlate }: Extract<Node, { type: 'wait' }>,
  at: PlanAt,
): { readonly correlation?: string } | { readonly ended: NodeResult } {
  if (correlate === undefined) return {};
  if (typeof correlate === 'string') return { correlation: correlate };
  const found = inputOf({ correlate } as JsonObject, at);
  if ('ended' in found) return found;
  const value = found.value['correlate'];
  return { correlation: typeof value === 'string' ? value : canonicalJson(value ?? null) };
}
