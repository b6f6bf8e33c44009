import type { ApiAction, ResponseOf } from '@writ/contract';
import type { Action, PolicyObject } from '@writ/policy';
import { callerOf } from '../frame/call';
import type { AnyCall } from '../frame/state';
import type { Gate } from './gate';

/** What each action is asked about when everything of its kind is meant. */
const ACTIONS: { readonly [A in ApiAction & Action]: PolicyObject['type'] } = {
  'run.start': 'workflow',
  'run.read': 'run',
  'run.cancel': 'run',
  'run.signal': 'run',
  'run.reconcile': 'run',
  'run.answer': 'run',
  'run.steer': 'run',
  'approval.read': 'approval',
  'approval.decide': 'approval',
  'approval.delegate': 'approval',
  'run.pause': 'run',
  'run.resume': 'run',
  'run.redrive': 'run',
  'run.upgrade': 'run',
  'run.fork': 'run',
  'run.fork_live': 'run',
  'run.revoke': 'run',
  'decision.explain': 'run',
  'audit.read': 'audit',
  'audit.export': 'audit',
  'stop.read': 'stop',
  'stop.set': 'stop',
  'stop.release': 'stop',
  'budget.read': 'budget',
  'budget.set': 'budget',
  'admission.read': 'admission',
  'admission.set': 'admission',
  'agent.change': 'agent',
  'tool.change': 'tool',
  'model.change': 'model',
  'workflow.change': 'workflow',
  'policy.change': 'policy',
  'policy.read': 'policy',
  'key.manage': 'key',
  'trigger.read': 'trigger',
  'trigger.change': 'trigger',
  'subscription.read': 'subscription',
  'subscription.change': 'subscription',
  'decision.evaluate': 'decision',
  'directory.read': 'directory',
  'directory.change': 'directory',
  'review.read': 'review',
  'review.decide': 'review',
  'principal.assert': 'role',
};

/** The caller as the server sees it, and what they may do to everything of a kind. */
export async function meOf(gate: Gate, call: AnyCall): Promise<ResponseOf<'getMe'>> {
  const { principal, scopes, key } = callerOf(call);
  const { tenant, id, kind, roles } = principal;
  const may: string[] = [];
  for (const [action, type] of Object.entries(ACTIONS) as [ApiAction & Action, PolicyObject['type']][]) {
    if (await gate.allows(call, { action, object: { type, id: '*' } })) may.push(action);
  }
  return { tenant, principal: id, kind, roles, scopes, key, may };
}
