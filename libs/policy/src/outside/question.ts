import type { Hop, JsonObject, TenantId } from '@writ/kernel';
import type { Snapshot } from '../snapshot';
import type { DecisionRequest, OutsideAction, OutsideType } from '../types';

/** A subject or a resource of an application outside: `{ type: 'record', id: '101', properties: { owner: 'alice' } }`. */
export interface Entity {
  readonly type: string;
  readonly id: string;
  readonly properties?: JsonObject;
}

/** May this subject do this to that, in an application outside? The four parts are those of OpenID AuthZEN. */
export interface Question {
  readonly tenant: TenantId;
  readonly subject: Entity;
  readonly action: { readonly name: string; readonly properties?: JsonObject };
  readonly resource: Entity;
  readonly context?: JsonObject;
  /** Agents acting for the subject, first to current. */
  readonly chain?: readonly Hop[];
  /** Epoch milliseconds. */
  readonly now: number;
}

const NONE: JsonObject = Object.freeze({});
const NOBODY: readonly Hop[] = Object.freeze([]);

/**
 * The request that `decide` answers. The subject is the initiator, under the name `<type>:<id>` and with no role but
 * those the policy gives it: what an application says about roles is a property like any other.
 */
export function requestOf(question: Question): DecisionRequest {
  const { tenant, subject, action, resource, context, chain, now } = question;
  const kind = subject.type === 'service' || subject.type === 'agent' ? subject.type : 'user';
  return {
    tenant,
    initiator: { tenant, kind, id: `${subject.type}:${subject.id}`, roles: [] },
    chain: chain ?? NOBODY,
    action: action.name as OutsideAction,
    object: { type: resource.type as OutsideType, id: resource.id },
    resource: { type: resource.type, id: resource.id },
    outside: {
      subject: { type: subject.type, id: subject.id, properties: subject.properties ?? NONE },
      action: { name: action.name, properties: action.properties ?? NONE },
      resource: { properties: resource.properties ?? NONE },
      context: context ?? NONE,
    },
    now,
  };
}

/** Why a policy cannot be asked this; null when it can. A word that the policy does not declare is never matched by `*`. */
export function questionFault({ vocabulary }: Snapshot, request: DecisionRequest): string | null {
  const { outside, initiator, action, object } = request;
  if (outside === undefined) return null;
  const { subject } = outside;
  if (vocabulary === null) return 'the policy declares no vocabulary of applications';
  if (subject.id === '' || object.id === '') return 'a subject and a resource have an id';
  if (!vocabulary.subjects.has(subject.type)) return `the vocabulary has no type ${subject.type}`;
  // The id of a type without a colon is all that follows the first one: no two subjects share a name.
  if (initiator.id !== `${subject.type}:${subject.id}`) return 'the initiator is not the subject';
  if (!vocabulary.types.has(object.type)) return `the vocabulary has no type ${object.type}`;
  return vocabulary.actions.has(action) ? null : `the vocabulary has no action ${action}`;
}
