import type { RunId, StopId, TenantId } from '@writ/kernel';
import { agentName } from '@writ/rules';
import type { Action, DecisionRequest, PolicyObject } from './types';

export const STOP_SCOPES = ['all', 'tenant', 'agent', 'tool', 'model', 'workflow', 'run'] as const;
export type StopScope = (typeof STOP_SCOPES)[number];

/** A kill switch entry. `tenant` is `*` for one set by the platform, over every tenant. */
export interface Stop {
  readonly id: StopId;
  readonly tenant: TenantId | '*';
  readonly scope: StopScope;
  /** What is stopped: a name, a digest where one exists, an id; empty for `all` and for a tenant's own `tenant`. */
  readonly target: string;
  readonly reason: string;
  /** Opaque principal id. */
  readonly setBy: string;
  /** Epoch milliseconds. */
  readonly setAt: number;
}

/** What an act touches, as far as a stop may cover it. */
export interface Reach {
  readonly tenant: TenantId;
  readonly agents: readonly { readonly agent: string; readonly digest: string }[];
  readonly object: PolicyObject;
  readonly run: RunId | undefined;
  readonly workflow: string | undefined;
}

/**
 * A stop ends what agents do. It never stands in the way of looking, cancelling, or taking rights and stops away, so
 * nobody can be locked out of a stopped tenant.
 */
const STOPPABLE: ReadonlySet<Action> = new Set<Action>([
  'run.start',
  'model.invoke',
  'tool.invoke',
  'data.read',
  'handoff',
  'delegate',
]);

export const reachOf = (request: DecisionRequest): Reach => ({
  tenant: request.tenant,
  agents: request.chain,
  object: request.object,
  run: request.run,
  workflow: request.workflow,
});

/** The first stop that covers the request, or undefined. */
export const coveringStop = (stops: readonly Stop[], request: DecisionRequest): Stop | undefined =>
  stops.length === 0 || !STOPPABLE.has(request.action) ? undefined : findCovering(stops, reachOf(request));

export const findCovering = (stops: readonly Stop[], reach: Reach): Stop | undefined =>
  stops.find((stop) => covers(stop, reach));

function covers(stop: Stop, reach: Reach): boolean {
  if (stop.tenant !== '*' && stop.tenant !== reach.tenant) return false;
  const { object } = reach;
  const is = (type: PolicyObject['type']): boolean =>
    object.type === type && (object.id === stop.target || object.digest === stop.target);
  switch (stop.scope) {
    case 'all':
      return true;
    case 'tenant':
      return stop.tenant !== '*' || stop.target === reach.tenant;
    case 'agent': {
      // Any hop, not only the last: what a stopped agent handed over is stopped with it.
      const name = agentName(stop.target);
      return (
        reach.agents.some((hop) => agentName(hop.agent) === name || hop.digest === stop.target) ||
        is('agent') ||
        (object.type === 'agent' && agentName(object.id) === name)
      );
    }
    case 'tool':
      return is('tool');
    case 'model':
      return is('model');
    case 'workflow':
      return reach.workflow === stop.target || is('workflow');
    case 'run':
      return reach.run === stop.target || is('run');
  }
}
