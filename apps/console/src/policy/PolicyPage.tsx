import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import listBar from '../list/ListBar.module.css';
import { Page } from '../list/Page';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Id } from '../ui/Id';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { ChangePolicy } from './ChangePolicy';
import { History } from './History';
import { InForce } from './InForce';
import { POLICY_KEY } from './policy-key';

const TABS = [
  { value: 'rules', label: 'In force' },
  { value: 'change', label: 'Change' },
  { value: 'history', label: 'History' },
] as const;

/** What the policy says, what another one would change, and what it said before. */
export function PolicyPage() {
  const { search, push } = useAddress();
  const tab = TABS.find(({ value }) => value === search['tab'])?.value ?? 'rules';
  const active = useQuery({
    queryKey: [...POLICY_KEY, 'active'],
    queryFn: ({ signal }) => api.policies.active({ signal }),
  });
  const policy = active.data?.policy;
  const none = active.isError && troubleOf(active.error).code === 'not_found';
  return (
    <Page
      title="Policy"
      purpose="Who may do what: the rules in force, what a change would mean, and what they were before."
      controls={
        <div className={listBar['bar']}>
          <SegmentedControl
            size="xs"
            aria-label="Part of the policy"
            data={[...TABS]}
            value={tab}
            onChange={(value) => push({ tab: value === 'rules' ? undefined : value, q: undefined, sel: undefined })}
          />
          {policy && (
            <span className="dim">
              put in force <Stamp at={policy.activated_at} form="ago" /> by {policy.activated_by}
            </span>
          )}
          {policy && <Id id={policy.digest} what="Digest" />}
          {policy && policy.in_force !== policy.digest && (
            <span className="dim">
              with the platform’s guardrails <Id id={policy.in_force} what="Digest that decisions name" />
            </span>
          )}
        </div>
      }
    >
      {active.isError && !none && (
        <Problem what="The policy" error={active.error} onRetry={() => void active.refetch()} />
      )}
      {active.isPending && <Loading what="the policy" rows={6} />}
      {none && (
        <Empty icon="audit" title="No policy is in force" command="./writ config apply docs/guides/first-workflow">
          <p>Until there is one, everything is denied.</p>
        </Empty>
      )}
      {active.data && tab === 'rules' && <InForce bundle={active.data.policy.bundle} />}
      {active.data && tab === 'change' && <ChangePolicy active={active.data} />}
      {active.data && tab === 'history' && <History inForce={active.data.policy.digest} />}
    </Page>
  );
}
