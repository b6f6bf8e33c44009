import type { DelegationId, Hop, HopBounds, Principal, RunId } from '@writ/kernel';
import type { RevokedDelegation } from '@writ/policy';
import type { RunEvent, StepIntended } from './events';
import { encloses } from './budget/scope-ledger';
import type { RunBudget } from './run-budget';
import { fold } from './fold';
import { branchPath } from './path';
import type { RunState } from './state';

/**
 * What one agent gave another to do, as it was decided and recorded. `over` is one whose work is done or whose run is; one
 * that was revoked or has expired is said to be so, whatever became of its work.
 */
export interface Delegation {
  readonly id: DelegationId;
  /** The one it hangs from; null for one made by the run's first agent or by the workflow. */
  readonly parent: DelegationId | null;
  readonly run: RunId;
  /** For whom all of it is done. */
  readonly root: Pick<Principal, 'kind' | 'id'>;
  /** Null where the workflow itself chose. */
  readonly from: string | null;
  readonly to: { readonly agent: string; readonly digest: string };
  readonly how: 'handoff' | 'work' | 'question' | 'choice';
  readonly mode: 'attenuate' | 'service';
  readonly purpose: string;
  readonly bounds: HopBounds;
  readonly budget: RunBudget | null;
  /** Tool calls made under it so far; null where they are not limited and so not counted. */
  readonly used: number | null;
  /** Digest of the policy it was made under. */
  readonly policy: string;
  readonly step: number;
  readonly path: string;
  /** Epoch milliseconds. */
  readonly madeAt: number;
  readonly state: 'active' | 'over' | 'expired' | 'revoked';
  readonly revoked: RevokedDelegation | null;
}

export interface RunDelegations {
  readonly run: RunId;
  /** Those that the run itself is under: revoked where they were made. */
  readonly under: readonly DelegationId[];
  readonly made: readonly Delegation[];
}

/** All delegations of a run, from its journal; `revoked` are those of its own that were taken back. */
export function delegationsOf(
  events: readonly RunEvent[],
  about: {
    readonly run: RunId;
    /** Whether the run is. */
    readonly over: boolean;
    readonly revoked: readonly RevokedDelegation[];
    /** Epoch milliseconds. */
    readonly now: number;
  },
): RunDelegations {
  const { run, over, revoked, now } = about;
  const state = fold(events);
  const { started } = state;
  const taken = new Map(revoked.map((one) => [one.delegation, one]));
  const live = over ? new Set<DelegationId>() : new Set(placesOf(state).map(({ delegation }) => delegation));
  const made = passedOn(events).map((event): Delegation => {
    const { to, parent, purpose, budget } = event.handoff;
    const { agent, digest, mode = 'attenuate', bounds = {} } = to;
    const id = to.delegation;
    const end = bounds.expires_at;
    return {
      id,
      parent: parent ?? null,
      run,
      root: { kind: started.initiator.kind, id: started.initiator.id },
      from: event.agent,
      to: { agent, digest },
      how: howOf(event),
      mode,
      purpose,
      bounds,
      budget: budget ?? null,
      used: usedUnder(state, event),
      policy: event.decision.snapshot,
      step: event.step,
      path: event.path,
      madeAt: event.at,
      state: taken.has(id)
        ? 'revoked'
        : !live.has(id)
          ? 'over'
          : end !== undefined && now >= end
            ? 'expired'
            : 'active',
      revoked: taken.get(id) ?? null,
    };
  });
  const chain = (started.parent ?? started.fork)?.chain ?? [];
  const under = chain.flatMap(({ delegation }) => (delegation === undefined ? [] : [delegation]));
  return { run, under, made };
}

type PassedOn = StepIntended & {
  readonly handoff: NonNullable<StepIntended['handoff']> & { readonly to: { readonly delegation: DelegationId } };
};

/** The intents by which something was passed on, each that came to be. */
function passedOn(events: readonly RunEvent[]): readonly PassedOn[] {
  const open = new Map<string, PassedOn>();
  const made: PassedOn[] = [];
  for (const event of events) {
    if (event.type === 'step_intended' && event.handoff?.to.delegation !== undefined) {
      open.set(`${event.step}.${event.attempt}`, event as PassedOn);
    }
    if (event.type !== 'step_settled' || event.outcome !== 'ok') continue;
    const intent = open.get(`${event.step}.${event.attempt}`);
    if (intent) made.push(intent);
  }
  return made;
}

function howOf({ kind, call, handoff }: PassedOn): Delegation['how'] {
  if (kind === 'handoff') return 'handoff';
  return call === undefined ? 'choice' : handoff.asks ? 'question' : 'work';
}

function usedUnder(state: RunState, { kind, call, path, step, handoff }: PassedOn): number | null {
  const at = kind === 'handoff' || call === undefined ? path : branchPath(path, `d${step}`);
  const by = handoff.to.delegation;
  const scope = state.ledger.standing().find((one) => one.path === at && one.level === 'delegation' && one.by === by);
  return scope?.limits.tool_calls === undefined ? null : (scope.taken.tool_calls ?? 0);
}

interface Place {
  readonly path: string;
  readonly delegation: DelegationId;
}

/** Where somebody acts by a delegation as things stand: at each such path and below. */
function placesOf({ agents, entered, results }: RunState): readonly Place[] {
  const places: Place[] = [];
  const add = (path: string, { delegation }: Hop): void => {
    if (delegation !== undefined) places.push({ path, delegation });
  };
  for (const [path, node] of agents) {
    for (const { path: branch, to } of node.work) add(branch, to);
    if (!results.has(path)) for (const hop of node.hops) add(path, hop);
  }
  for (const [path, entry] of entered) if ('hop' in entry && !results.has(path)) add(path, entry.hop);
  return places;
}

/** Whether what is done at a path is done by a delegation that was revoked. */
export function isRevokedAt(state: RunState, path: string, revoked: ReadonlySet<DelegationId>): boolean {
  const { started } = state;
  const above = (started.parent ?? started.fork)?.chain ?? [];
  if (above.some(({ delegation }) => delegation !== undefined && revoked.has(delegation))) return true;
  return placesOf(state).some((place) => revoked.has(place.delegation) && encloses(place.path, path));
}
