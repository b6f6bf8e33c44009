import { canonicalJson, type Clock, type JsonObject, ok, refuse, type Result } from '@writ/kernel';
import { type Committed, isCommitted } from '@writ/database';
import type { TenantAuthority } from './authority';
import { Decided, type Grounds } from './decided';
import { revokedIn } from './delegation';
import type { Door, Opened, OpenPermit, Permit, PermitRefusal, PermitRefusalCode } from './permit-types';
import { findCovering, type Reach } from './stops';
import type { Action, Decision } from './types';

/** How long after its commit a permit may still open: a worker frozen in between must not act on old authority. */
export const PERMIT_LIFETIME_MS = 2_000;

const DOOR_OF: { readonly [A in Action]?: Door | readonly Door[] } = {
  'model.invoke': 'model',
  // A guardrail names the tool or model that it asks: what is permitted is that it is asked.
  'guardrail.check': ['data', 'model'],
  'run.finish': 'run',
  'tool.invoke': 'tool',
  'data.read': 'data',
  handoff: 'handoff',
  delegate: 'delegate',
  'run.start': 'run',
  'agent.invoke': 'agent',
  'board.read': 'board',
  'board.write': 'board',
  'message.send': 'message',
  'message.read': 'message',
};

export interface MintInput {
  readonly decision: Decision;
  readonly committed: Committed;
  readonly door: Door;
  /** Name of the definition that is called. */
  readonly target: string;
  readonly args: JsonObject;
  readonly step: number;
  readonly attempt: number;
  readonly key: string;
}

/** What a permit allows. */
interface Grant {
  readonly office: PermitOffice;
  readonly opened: Opened;
  readonly door: Door;
  readonly target: string;
  readonly reach: Reach;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  consumed: boolean;
}

/**
 * A permit, as it is given out: an empty handle, and hidden in it what it allows. INVARIANT (I1): the hidden part cannot
 * be read, written or copied from outside, and nobody gets from a permit to what makes one. (A WeakMap beside would say
 * the same, but whatever its values lead to stays until the whole heap is marked.)
 */
class Handle {
  readonly #grant: Grant;

  constructor(grant: Grant) {
    this.#grant = grant;
    Object.freeze(this);
  }

  static grant(permit: unknown): Grant | undefined {
    return typeof permit === 'object' && permit !== null && #grant in permit ? permit.#grant : undefined;
  }
}
Reflect.deleteProperty(Handle.prototype, 'constructor');

export interface PermitParts {
  readonly clock: Clock;
  /** What is known here, now, of the tenant's stops. */
  readonly authority: { current(tenant: TenantAuthority['tenant']): TenantAuthority | undefined };
}

/**
 * Makes permits and opens them. INVARIANT (I1): no effect without a permit, and no permit but from here: from a decision
 * that `decide` itself allowed and the proof that this very decision was committed.
 */
export class PermitOffice {
  readonly #minted = new WeakSet<Decision>();
  readonly #clock: Clock;
  readonly #authority: PermitParts['authority'];

  constructor({ clock, authority }: PermitParts) {
    this.#clock = clock;
    this.#authority = authority;
  }

  /** One permit for one decision. Throws on any misuse: each would be a defect of the caller, not a refusal. */
  mint(input: MintInput): Permit {
    const { decision, committed, door, target, args, step, attempt, key } = input;
    const grounds = checked(input);
    if (this.#minted.has(decision)) throw misuse(decision, 'has its permit already; decide again for another effect');
    const argsText = canonicalJson(args);
    if (grounds.args !== null && canonicalJson(grounds.args) !== argsText) {
      throw misuse(decision, 'was made for other arguments');
    }
    this.#minted.add(decision);
    const { tenant, run } = committed;
    // The door gets a copy of our own: the caller's object may change between here and the socket.
    const own = grounds.args ?? (JSON.parse(argsText) as JsonObject);
    const opened = { tenant, run, decision: decision.id, step, attempt, key, args: own, argsText };
    const handle = new Handle({
      office: this,
      opened: Object.freeze(opened),
      door,
      target,
      reach: { ...grounds.reach, run },
      deadline: committed.at + PERMIT_LIFETIME_MS,
      consumed: false,
    });
    return handle as object as Permit;
  }

  /**
   * Opens a permit directly before the socket write. A permit opens once. One shown at a wrong door or with other
   * arguments is spent as well: whoever holds it does not get to try again until it fits.
   */
  readonly open: OpenPermit = (permit, use) => {
    const grant = Handle.grant(permit);
    if (grant?.office !== this) return no('permit_forged', 'This is no permit of this office.');
    if (grant.consumed) return no('permit_consumed', 'The permit has been used; every attempt needs a new decision.');
    if (use.door !== grant.door || use.target !== grant.target) {
      grant.consumed = true;
      const { door, target } = grant;
      return no('permit_wrong_door', `The permit is for ${door} ${target}, not for ${use.door} ${use.target}.`);
    }
    const late = this.#clock.monotonic() - grant.deadline;
    if (late > 0) {
      return no('permit_expired', `The permit expired ${Math.ceil(late)} ms ago; the act must be decided again.`);
    }
    const stop = this.#stopped(grant);
    if (stop !== null) return no('permit_stopped', stop);
    grant.consumed = true;
    return presentedAsDecided(use.presented, grant.opened.argsText)
      ? ok(grant.opened)
      : no('permit_argument_mismatch', 'What is about to be sent is not what was decided.');
  };

  #stopped({ opened, reach, door, target }: Grant): string | null {
    const authority = this.#authority.current(opened.tenant);
    if (!authority) return 'Nothing is known here of the stops of this tenant.';
    const stop =
      findCovering(authority.stops, reach) ??
      findCovering(authority.stops, { ...reach, object: calledAt(door, target, reach) });
    if (stop) return `Stop ${stop.id} (${stop.scope} ${stop.target}) covers it.`;
    const revoked = revokedIn(authority.revoked, reach.agents);
    return revoked === undefined ? null : `Delegation ${revoked} was revoked.`;
  }
}

/**
 * A read for a decision names the attribute it brings, and a check the guardrail that asks: the tool or model that is
 * called for it may be stopped too.
 */
function calledAt(door: Door, target: string, { object }: Reach): Reach['object'] {
  if (door === 'data') return { type: 'tool', id: target };
  return object.type === 'guardrail' && door === 'model' ? { type: 'model', id: target } : object;
}

function presentedAsDecided(presented: JsonObject, argsText: string): boolean {
  try {
    return canonicalJson(presented) === argsText;
  } catch {
    return false;
  }
}

function checked({ decision, committed, door, target }: MintInput): Grounds {
  const grounds = Decided.grounds(decision);
  if (!grounds || decision.verdict !== 'allow') throw misuse(decision, 'is no allow that this process decided');
  if (!isCommitted(committed)) throw misuse(decision, 'comes without the proof of a commit');
  if (!committed.covers(decision.id)) throw misuse(decision, `is not in the committed unit ${committed.unit}`);
  const { action, object, reach, args } = grounds;
  if (committed.tenant !== reach.tenant || (reach.run !== undefined && committed.run !== reach.run)) {
    throw misuse(decision, 'was committed for another run');
  }
  const doors = (DOOR_OF as { readonly [action: string]: Door | readonly Door[] })[action] ?? [];
  if (typeof doors === 'string' ? doors !== door : !doors.includes(door))
    throw misuse(decision, `allowed ${action}, which does not open the door ${door}`);
  if (door !== 'data' && action !== 'guardrail.check' && object.id !== target)
    throw misuse(decision, `allowed ${object.id}, not ${target}`);
  // What a tool does is in its arguments: an allow that never saw them allowed nothing in particular.
  if (door === 'tool' && args === null) throw misuse(decision, 'was made without the arguments of the call');
  return grounds;
}

const misuse = (decision: Decision, what: string): Error => new Error(`no permit: decision ${decision.id} ${what}`);

const no = (code: PermitRefusalCode, message: string): Result<Opened, PermitRefusal> =>
  refuse({ code, class: 'policy', message });
