import type { JsonObject } from '@writ/kernel';
import { agentName, type Facts, roleName } from '@writ/rules';
import type { Snapshot } from './snapshot';
import type { DecisionRequest } from './types';

const NO_ATTRIBUTES = Object.freeze({});

/** A request as conditions read it. `agent` is the hop whose rule is asked. */
export class RequestFacts implements Facts {
  readonly object: Facts['object'];
  readonly resource: Facts['resource'];
  readonly attributes: Facts['attributes'];
  readonly args: JsonObject | null;
  readonly handoff: Facts['handoff'];
  readonly outside: Facts['outside'];
  readonly now: number;
  readonly initiator: Facts['initiator'];
  readonly agent: Facts['agent'];

  constructor(
    request: DecisionRequest,
    snapshot: Snapshot,
    hop: { readonly agent: string; readonly digest: string } | null,
  ) {
    this.object = request.object;
    this.resource = request.resource ?? null;
    this.attributes = request.attributes ?? NO_ATTRIBUTES;
    this.args = request.args ?? null;
    this.handoff = request.handoff ?? null;
    this.outside = request.outside;
    this.now = request.now;
    this.initiator = new InitiatorFacts(request, snapshot);
    this.agent = hop === null ? null : { id: agentName(hop.agent), digest: hop.digest };
  }
}

/** Roles are gathered through all levels only when a condition reads them: few do. */
class InitiatorFacts {
  readonly id: string;
  readonly kind: string;

  constructor(
    private readonly request: DecisionRequest,
    private readonly snapshot: Snapshot,
  ) {
    this.id = request.initiator.id;
    this.kind = request.initiator.kind;
  }

  get roles(): readonly string[] {
    const roles = new Set<string>();
    for (const name of initiatorNames(this.request)) {
      for (const group of this.snapshot.roles.names(name)) if (group.startsWith('role:')) roles.add(group);
    }
    return [...roles];
  }
}

/** The names an initiator goes by: its id, then the roles asserted when it was authenticated. */
export const initiatorNames = ({ initiator }: DecisionRequest): readonly string[] =>
  initiator.roles.length === 0 ? [initiator.id] : [initiator.id, ...initiator.roles.map(roleName)];
