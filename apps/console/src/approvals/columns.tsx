import type { Column } from '../list/columns';
import { Stamp } from '../time/Stamp';
import { Mark } from '../ui/Mark';
import { type Approval, APPROVAL_STATUS, quorumOf } from './approvals';
import styles from './Approvals.module.css';

export const approvalColumns: readonly Column<Approval>[] = [
  column('status', 'Status', '9.5rem', (one) => <Mark sign={APPROVAL_STATUS[one.status]} quiet />, { fixed: true }),
  column('asked', 'What is asked', 'minmax(14rem, 2.4fr)', (one) => <span title={one.sentence}>{one.sentence}</span>, {
    fixed: true,
  }),
  column('args', 'With', 'minmax(8rem, 1.2fr)', (one) => <code>{JSON.stringify(one.args)}</code>, { yields: true }),
  column('votes', 'Votes', 'minmax(7rem, 1fr)', quorumOf, { yields: true }),
  column('expires', 'Expires', '7.5rem', (one) => <Expiry approval={one} />),
  column('target', 'Target', '8rem', (one) => one.target, { standard: false }),
  column('initiator', 'For', 'minmax(7rem, 1fr)', (one) => one.initiator, { standard: false }),
  column('requested', 'Asked', '7.5rem', (one) => <Stamp at={one.requested_at} form="ago" />, { standard: false }),
];

function column(
  id: string,
  header: string,
  ...[width, cell, more]: [string, Column<Approval>['cell'], Partial<Column<Approval>>?]
): Column<Approval> {
  return { id, header, width, cell, standard: true, ...more };
}

/** The time left while people are asked, the time of the end afterwards. */
function Expiry({ approval }: { readonly approval: Approval }) {
  return <Stamp at={approval.resolved_at ?? approval.expires_at} form="ago" />;
}

/** A request on a narrow screen: two lines. */
export function ApprovalCard({ approval }: { readonly approval: Approval }) {
  return (
    <span className={styles['card']}>
      <span className={styles['line']}>
        <Mark sign={APPROVAL_STATUS[approval.status]} quiet />
        <span className={styles['push']}>
          <Expiry approval={approval} />
        </span>
      </span>
      <span className="cut">{approval.sentence}</span>
    </span>
  );
}
