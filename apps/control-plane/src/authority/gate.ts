import { appendTenantEvent } from '@writ/audit';
import type { ApiAction } from '@writ/contract';
import type { Database } from '@writ/database';
import { recordDecision } from '@writ/engine';
import { type Caller, scopesAllow } from '@writ/identity';
import { type Clock, type Failure, ok, refuse, type Result } from '@writ/kernel';
import {
  type Action,
  type AuthorityStore,
  decide,
  type Decision,
  type DecisionRequest,
  type PolicyObject,
} from '@writ/policy';
import { callerOf } from '../frame/call';
import type { AnyCall } from '../frame/state';

/** What a call asks to do. The compiler holds the contract's actions to those the policy knows. */
export interface Ask {
  readonly action: ApiAction & Action;
  readonly object: PolicyObject;
  /** Of something that may run: who answers for it, and its tier. */
  readonly risk?: NonNullable<DecisionRequest['risk']>;
}

export interface Decided {
  readonly request: DecisionRequest;
  readonly decision: Decision;
}

/**
 * May they? Two questions, both must say yes: does the key's scope reach that far, and does the policy allow the act to
 * its principal. A refusal is recorded in the tenant's stream, with its reasons, before it is answered.
 */
export class Gate {
  constructor(
    private readonly database: Database,
    private readonly authority: AuthorityStore,
    private readonly clock: Clock,
  ) {}

  /** All asks must be allowed; the first that is not is the refusal. Answers what was decided, one per ask. */
  async ask(call: AnyCall, ...asks: readonly Ask[]): Promise<Result<readonly Decided[]>> {
    if (asks.length === 0) throw new Error(`${call.operation} asked for nothing`);
    const caller = callerOf(call);
    call.state.asked = true;
    const all: Decided[] = [];
    for (const ask of asks) {
      const within = await this.inScope(call, ask.action);
      if (!within.ok) return within;
      const decided = await this.decide(caller, ask);
      if (decided.decision.verdict !== 'allow') {
        await recordDecision(this.database, decided);
        return refuse(denied(ask, decided.decision));
      }
      all.push(decided);
    }
    return ok(all);
  }

  /** For acts that the engine decides itself, together with what it commits: only the scope is asked here. */
  async leaveToEngine(call: AnyCall, ...actions: readonly (ApiAction & Action)[]): Promise<Result<null>> {
    call.state.asked = true;
    for (const action of actions) {
      const within = await this.inScope(call, action);
      if (!within.ok) return within;
    }
    return ok(null);
  }

  /** Whether something more may be shown. Refuses nothing, so it records nothing. */
  async allows(call: AnyCall, ask: Ask): Promise<boolean> {
    const caller = callerOf(call);
    if (!scopesAllow(caller.scopes, ask.action)) return false;
    return (await this.decide(caller, ask)).decision.verdict === 'allow';
  }

  /** What somebody sees because it is about themselves; no policy is needed to look at one's own. */
  own(call: AnyCall): void {
    call.state.asked = true;
  }

  private async decide(caller: Caller, ask: Ask): Promise<Decided> {
    const { principal } = caller;
    const request: DecisionRequest = {
      tenant: principal.tenant,
      initiator: principal,
      chain: [],
      action: ask.action,
      object: ask.object,
      ...(ask.risk && { risk: ask.risk }),
      now: this.clock.now(),
    };
    const held = await this.authority.get(principal.tenant);
    const decision = decide(held, request);
    if (decision.verdict === 'allow') return { request, decision };
    // Nobody is refused by a rule that is gone: what was just granted is there for the next call.
    const newer = await this.authority.newerThan(held);
    return { request, decision: newer === null ? decision : decide(newer, request) };
  }

  private async inScope(call: AnyCall, action: Action): Promise<Result<null>> {
    const { principal, scopes, key } = callerOf(call);
    if (scopesAllow(scopes, action)) return ok(null);
    await this.database.withTenant(principal.tenant, (tx) =>
      appendTenantEvent(tx, principal.tenant, {
        type: 'access.denied',
        actor: principal.id,
        action,
        object: { type: 'key', id: key.id },
        trace: call.state.trace.traceId,
        detail: { reason: 'insufficient_scope', operation: call.operation, request_id: call.state.requestId },
      }),
    );
    return refuse({
      code: 'insufficient_scope',
      class: 'policy',
      message: `key ${key.id} is not scoped for ${action}; its scopes are ${scopes.join(', ')}`,
      next: `Use a key with the scope ${action}.`,
    });
  }
}

function denied(ask: Ask, decision: Decision): Failure {
  const codes: { readonly [reason: string]: string } = {
    approval_required: 'approval_required',
    stopped: 'stop_active',
    policy_unavailable: 'policy_unavailable',
  };
  return {
    code: codes[decision.reason] ?? 'policy_denied',
    class: 'policy',
    message: `${ask.action} on ${ask.object.type} ${ask.object.id} was refused: ${decision.reason}`,
    details: { decision_id: decision.id, reason: decision.reason },
  };
}
