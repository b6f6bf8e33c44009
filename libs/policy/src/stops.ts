import type { DelegationId, RunId, StopId, TenantId } from '@writ/kernel';
import { agentName } from '@writ/rules';
import { STOP_MODES, type StopMode, type StopScope } from '@writ/words';
import type { Action, DecisionRequest, PolicyObject } from './types';

/** A kill switch entry. `tenant` is `*` for one set by the platform, over every tenant. */
export interface Stop {
  readonly id: StopId;
  readonly tenant: TenantId | '*';
  readonly scope: StopScope;
  /** What is stopped: a name, a digest for an agent's version, an id; empty for `all` and for a tenant's own `tenant`. */
  readonly target: string;
  /** `freeze_steps` when absent. */
  readonly mode?: StopMode;
  readonly reason: string;
  /** Opaque principal id. */
  readonly setBy: string;
  /** Epoch milliseconds. */
  readonly setAt: number;
}

/** What an act touches, as far as a stop may cover it. */
export interface Reach {
  readonly tenant: TenantId;
  readonly agents: readonly {
    readonly agent: string;
    readonly digest: string;
    readonly delegation?: DelegationId;
  }[];
  readonly object: PolicyObject;
  readonly run: RunId | undefined;
  readonly workflow: string | undefined;
}

/**
 * A stop ends what agents do. It never stands in the way of looking, cancelling, or taking rights and stops away, so
 * nobody can be locked out of a stopped tenant.
 */
const STOPPABLE: ReadonlySet<string> = new Set<Action>([
  'run.start',
  'model.invoke',
  'tool.invoke',
  'data.read',
  'handoff',
  'delegate',
  'agent.invoke',
  'guardrail.check',
  'run.finish',
  'board.read',
  'board.write',
  'message.send',
  'message.read',
]);

/** Whether an act is one that a stop can cover. */
export const isStoppable = (action: string): boolean => STOPPABLE.has(action);

export const reachOf = (request: DecisionRequest): Reach => ({
  tenant: request.tenant,
  agents: request.chain,
  object: request.object,
  run: request.run,
  workflow: request.workflow,
});

const rungOf = (stop: Stop): number => STOP_MODES.indexOf(stop.mode ?? 'freeze_steps');
const FREEZE_STEPS = STOP_MODES.indexOf('freeze_steps');
const FREEZE_NEW = STOP_MODES.indexOf('freeze_new');

/** Whether a stop is at least as hard as `mode`. */
export const isAtLeast = (stop: Stop, mode: StopMode): boolean => rungOf(stop) >= STOP_MODES.indexOf(mode);

/** The first stop that forbids the request, or undefined. A throttle forbids nothing; it makes runs wait. */
export function coveringStop(stops: readonly Stop[], request: DecisionRequest): Stop | undefined {
  if (stops.length === 0) return undefined;
  // What people do in an application outside goes on; what agents do there for them is what agents do.
  if (!STOPPABLE.has(request.action) && (request.outside === undefined || request.chain.length === 0)) return undefined;
  const least = request.action === 'run.start' ? FREEZE_NEW : FREEZE_STEPS;
  const reach = reachOf(request);
  return stops.find((stop) => rungOf(stop) >= least && covers(stop, reach));
}

/** The first stop that forbids a step of this reach, or undefined. */
export const findCovering = (stops: readonly Stop[], reach: Reach): Stop | undefined =>
  stops.find((stop) => rungOf(stop) >= FREEZE_STEPS && covers(stop, reach));

/** The stop that ends a whole run, whatever its next step would be; undefined when none does. */
export const terminatingStop = (
  stops: readonly Stop[],
  run: { readonly tenant: TenantId; readonly run: RunId; readonly workflow: string },
): Stop | undefined =>
  stops.find(
    (stop) =>
      stop.mode === 'terminate' && covers(stop, { ...run, agents: [], object: { type: 'workflow', id: run.workflow } }),
  );

export function covers(stop: Stop, reach: Reach): boolean {
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
    case 'agent_version':
      return (
        reach.agents.some((hop) => hop.digest === stop.target) ||
        (object.type === 'agent' && object.digest === stop.target)
      );
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
