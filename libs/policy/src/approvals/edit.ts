import { type Failure, type JsonObject, newId, ok, type Principal, refuse, type Result } from '@writ/kernel';
import type { Tx } from '@writ/database';
import type { TenantAuthority } from '../authority';
import { decide } from '../decide';
import type { FlowSource } from '../flow/facts';
import { guardsOfEdited } from '../guard/edited';
import type { DecisionRequest, Resource } from '../types';
import { type AskedAct, bindingOf, documentOf, type RequestDocument } from './binding';
import { argsDigestOf } from './consider';
import { type Approval, approvalById, insertApproval } from './store';

/** What is called, as its run pinned it: whoever knows definitions says what arguments it takes. */
export interface EditedTool {
  /** Null for arguments that fit its schema. */
  check(args: JsonObject): Failure | null;
  /** The object a call with these arguments touches. */
  resourceOf(args: JsonObject): Resource | undefined;
}

interface Editing {
  readonly tx: Tx;
  readonly authority: TenantAuthority;
  readonly caller: Principal;
  readonly now: number;
}

/**
 * A request with other arguments, inserted beside the one it takes the place of. They must fit the schema of the tool as
 * the run pinned it, and the policy must not forbid them now; what it asks for them are the new request's terms.
 */
export async function editedRequest(
  { tx, authority, caller, now }: Editing,
  tool: EditedTool | null,
  { approval, args }: { readonly approval: Approval; readonly args: JsonObject },
): Promise<Result<Approval>> {
  const { document, tenant, run, path } = approval;
  if (!document.terms.editable || !tool) return refuse(NOT_EDITABLE);
  const misfit = tool.check(args);
  if (misfit) return refuse({ ...misfit, code: 'schema_violation' });
  const { snapshot } = authority;
  if (snapshot === null) return refuse(NOT_EDITABLE);
  const request = {
    ...withArguments(document.request, tool, { args, now }),
    ...flowOf(document, args),
    ...guardsOfEdited(snapshot, document.request, args),
  };
  const decision = decide(authority, request);
  if (decision.verdict === 'deny') return refuse(forbidden(decision.reason));
  const asked: AskedAct = {
    request,
    decision,
    snapshot,
    args,
    argsDigest: argsDigestOf(args),
    targetDigest: document.binding.target_digest,
    caller: document.parties.requesters.find((id) => id !== request.initiator.id) ?? request.initiator.id,
  };
  const { flow: _flow, ...plain } = request;
  const { authors } = document.parties;
  const edited: RequestDocument =
    decision.verdict === 'ask'
      ? documentOf(asked, authors)
      : // Nothing asks any more; those who were to decide still do.
        { ...document, request: plain, args, decision, binding: bindingOf(asked) };
  const id = newId('approval', now);
  const kept = { ...edited, editOf: approval.id, editedBy: caller.id, original: document.original ?? document.args };
  await insertApproval(tx, tenant, { id, run, path, document: kept, now });
  const made = await approvalById(tx, { tenant, id, lock: true });
  if (!made) throw new Error(`approval ${id} was inserted and is not there`);
  return ok(made);
}

/** The same request about other arguments; what was known of another object is not known of this one. */
function withArguments(
  before: RequestDocument['request'],
  tool: EditedTool,
  { args, now }: { readonly args: JsonObject; readonly now: number },
): DecisionRequest {
  const { resource: _resource, attributes, ...rest } = before;
  const resource = tool.resourceOf(args);
  const same = resource?.type === before.resource?.type && resource?.id === before.resource?.id;
  return {
    ...rest,
    args,
    now,
    ...(resource && { resource }),
    ...(same && attributes !== undefined && { attributes }),
  };
}

/** Whoever edits has seen every argument: what is passed from then on is said by a person, in a run that holds what it held. */
function flowOf({ entered }: RequestDocument, args: JsonObject): Pick<DecisionRequest, 'flow'> {
  if (entered === undefined) return {};
  const { held, left, tool } = entered;
  const sources: readonly FlowSource[] = [
    { from: 'person', name: '', step: null, labels: [], value: args },
    { from: 'outside', name: '', step: null, labels: held, value: null },
  ];
  return { flow: { sources, unlabelled: false, left, tool: () => tool } };
}

const NOT_EDITABLE: Failure = {
  code: 'not_editable',
  class: 'policy',
  message: 'the policy does not let those who decide change the arguments',
  next: 'Approve or reject it as it is.',
};

const forbidden = (reason: string): Failure => ({
  code: 'policy_denied',
  class: 'policy',
  message: `the policy forbids the call with these arguments: ${reason}`,
  next: 'Choose other arguments, or reject the request.',
  details: { reason },
});
