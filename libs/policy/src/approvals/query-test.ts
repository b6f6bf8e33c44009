import type { NameTest, NumberBounds, Params } from '@writ/database';

/** One thing a request to people can be asked for. */
export type ApprovalTest =
  | {
      readonly field: 'status' | 'workflow' | 'agent' | 'target' | 'action' | 'initiator' | 'run' | 'id' | 'reason';
      readonly name: NameTest;
    }
  | { readonly field: 'role' | 'voter'; readonly name: NameTest }
  | { readonly field: 'is'; readonly word: 'open' | 'settled' | 'escalated' | 'edited' }
  | { readonly field: 'requested' | 'expires' | 'resolved'; readonly bounds: NumberBounds }
  /** Anywhere in what is asked. */
  | { readonly field: 'text'; readonly contains: string };

const COLUMNS = {
  status: 'a.status',
  workflow: 'a.workflow',
  agent: 'a.agent',
  target: 'a.target',
  action: 'a.action',
  initiator: 'a.initiator',
  run: 'a.run',
  id: 'a.id',
  reason: 'a.reason',
};
const TIMES = { requested: 'a.requested_at', expires: 'a.expires_at', resolved: 'a.resolved_at' };
const STANDINGS = {
  open: `a.status = 'pending'`,
  settled: `a.status <> 'pending'`,
  escalated: 'a.escalated_at IS NOT NULL',
  edited: `position('"editOf":' IN a.body) > 0`,
};

/** A test as SQL over `a`, a row of writ.approval. */
export function approvalTestSql(test: ApprovalTest, params: Params): string {
  switch (test.field) {
    case 'is':
      return STANDINGS[test.word];
    case 'requested':
    case 'expires':
    case 'resolved':
      return params.bounded(TIMES[test.field], 'time', test.bounds);
    case 'role':
      return `EXISTS (SELECT 1 FROM unnest(a.roles) AS r (role) WHERE ${params.named('r.role', test.name)})`;
    case 'voter':
      return `EXISTS (SELECT 1 FROM writ.approval_vote v
                WHERE v.tenant = a.tenant AND v.approval = a.id AND ${params.named('v.voter', test.name)})`;
    case 'text':
      return `position(lower(${params.add(test.contains)}::text) IN lower(a.body)) > 0`;
    default:
      return params.named(COLUMNS[test.field], test.name);
  }
}
