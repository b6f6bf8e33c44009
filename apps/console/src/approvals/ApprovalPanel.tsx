import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../api/client';
import { Panel } from '../list/Panel';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { type Approval, APPROVAL_STATUS, quorumOf, reasonWords } from './approvals';
import styles from './Approvals.module.css';
import { ArgumentChanges } from './ArgumentChanges';
import { Decide } from './Decide';

interface Props {
  readonly id: string;
  readonly listed: Approval | null;
  readonly onClose: () => void;
  readonly onSettled: () => Promise<unknown>;
}

/** One request: what is asked, with what, why, by whom, who may decide, and what they said. */
export function ApprovalPanel({ id, listed, onClose, onSettled }: Props) {
  const one = useQuery({
    queryKey: ['approvals', 'one', id],
    queryFn: ({ signal }) => api.approvals.get(id, { signal }),
    ...(listed === null ? {} : { initialData: listed, initialDataUpdatedAt: 0 }),
  });
  const approval = one.data ?? listed;
  const title = (
    <span className={styles['line']}>
      {approval && <Mark sign={APPROVAL_STATUS[approval.status]} />}
      <strong className="cut">{approval?.target ?? id}</strong>
    </span>
  );
  return (
    <Panel label={`Request ${id}`} title={title} onClose={onClose}>
      {one.isError && <Problem what="This request" error={one.error} onRetry={() => void one.refetch()} />}
      {!approval && one.isPending && <Loading what="the request" rows={5} />}
      {approval && (
        <div className={styles['panel']}>
          <p className={styles['sentence']}>{approval.sentence}</p>
          {approval.reason !== null && <p className="dim">Because {reasonWords(approval.reason)}.</p>}
          <section>
            <h3>With</h3>
            <JsonView value={approval.args} label="Arguments" />
            {approval.original_args !== null && (
              <>
                <p className="dim">Edited by {approval.edited_by}; the run asked otherwise:</p>
                <ArgumentChanges before={approval.original_args} after={approval.args} />
              </>
            )}
          </section>
          <Decide key={id} approval={approval} onSettled={onSettled} />
          <Why approval={approval} />
          <Said approval={approval} />
          <More approval={approval} />
        </div>
      )}
    </Panel>
  );
}

function Why({ approval }: { readonly approval: Approval }) {
  return (
    <section>
      <h3>Why it is asked</h3>
      <p>{approval.why}</p>
      <ul className={styles['rules']}>
        {approval.rules.map((rule) => (
          <li key={rule.rid}>
            <span>{rule.words}</span> <code className="dim">{rule.rid}</code>
            {rule.condition !== null && <code className={styles['condition']}>{JSON.stringify(rule.condition)}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Said({ approval }: { readonly approval: Approval }) {
  const { votes, requirements, escalates_at: escalates } = approval;
  const later = [...new Set(requirements.flatMap(({ escalates_to: to }) => to))];
  return (
    <section>
      <h3>Who decides</h3>
      <p>
        {quorumOf(approval)}
        {escalates !== null && later.length > 0 && (
          <>
            ; from <Stamp at={escalates} form="ago" /> also {later.join(' or ')}
          </>
        )}
      </p>
      {votes.length > 0 && (
        <ul className={styles['votes']}>
          {votes.map((vote, i) => (
            <li key={i}>
              <span>
                <strong>{vote.voter}</strong>{' '}
                {vote.verdict === 'approve' ? 'approved' : vote.verdict === 'reject' ? 'rejected' : 'said'}{' '}
                <span className="dim">
                  <Stamp at={vote.time} form="ago" />
                </span>
              </span>
              {vote.comment !== '' && <q>{vote.comment}</q>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function More({ approval }: { readonly approval: Approval }) {
  const { run, chain, initiator, access } = approval;
  return (
    <section>
      <h3>About</h3>
      <Facts
        facts={[
          ['Request', <Id key="id" id={approval.id} what="Request id" />],
          ['Asked by', [initiator, ...chain].join(' → ')],
          ['Asked', <Stamp key="at" at={approval.requested_at} form="full" />],
          ['Expires', <Stamp key="end" at={approval.expires_at} form="full" />],
          approval.resolved_at === null
            ? null
            : ['Settled', <Stamp key="settled" at={approval.resolved_at} form="full" />],
          approval.used_at === null ? null : ['Acted', <Stamp key="used" at={approval.used_at} form="full" />],
          approval.resource === null ? null : ['About', `${approval.resource.type} ${approval.resource.id}`],
          access === null ? null : ['Application', access.enforcer],
          access === null || access.reason === '' ? null : ['Because', access.reason],
          access === null || access.good_until === null
            ? null
            : ['Good until', <Stamp key="good" at={access.good_until} form="full" />],
          ['Arguments', <Id key="args" id={approval.args_digest} what="Digest of the arguments" />],
          ['Policy', <Id key="policy" id={approval.policy} what="Digest of the policy" />],
        ]}
      />
      {run !== null && (
        <p>
          <Link to="/runs/$run" params={{ run }}>
            Open the run
          </Link>
        </p>
      )}
    </section>
  );
}
