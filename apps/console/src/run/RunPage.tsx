import { Tabs } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { remember } from '../frame/recent';
import { useKeys } from '../keys/useKeys';
import { copyText } from '../ui/clipboard';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useCurrentShown } from '../ui/useCurrentShown';
import { useTenant } from '../session/useTenant';
import { useAddress } from '../url/useAddress';
import { AuditTab } from './AuditTab';
import { Conversation } from './Conversation';
import { DecisionsTab } from './DecisionsTab';
import { DelegationsTab } from './DelegationsTab';
import { LimitsTab } from './LimitsTab';
import { PeopleTab } from './PeopleTab';
import { RawTab } from './RawTab';
import { RunHeader } from './RunHeader';
import styles from './Run.module.css';
import { TimelineTab } from './TimelineTab';
import { useRun } from './useRun';

const TABS = ['timeline', 'conversation', 'decisions', 'people', 'limits', 'audit', 'raw', 'delegations'] as const;
type Tab = (typeof TABS)[number];
const NAMES: { readonly [T in Tab]: string } = {
  timeline: 'Timeline',
  conversation: 'Conversation',
  decisions: 'Decisions',
  people: 'People',
  limits: 'Limits',
  audit: 'Audit',
  raw: 'Raw',
  delegations: 'Delegations',
};

/** One run: what it did and waited for, what was decided about it, and the record of both. */
export function RunPage() {
  const { run: id } = useParams({ from: '/runs/$run' });
  const { search, push } = useAddress();
  const { run, timeline } = useRun(id);
  const tenant = useTenant();
  const workflow = timeline.data?.workflow;
  const tab = TABS.find((one) => one === search['tab']) ?? 'timeline';
  const tabs = useCurrentShown<HTMLDivElement>(workflow === undefined ? null : tab);
  const show = (next: Tab): void => push({ tab: next === 'timeline' ? undefined : next });
  useEffect(() => {
    if (workflow !== undefined) remember({ id, label: workflow, href: `/runs/${id}` });
  }, [id, workflow]);
  useKeys([
    ...TABS.map((one, index) => ({
      keys: String(index + 1),
      label: NAMES[one],
      group: 'This page' as const,
      run: () => show(one),
    })),
    { keys: 'c', label: 'Copy id', group: 'Copy', run: () => void copyText(id, 'Run id') },
    {
      keys: 'c c',
      label: 'Copy as CLI command',
      group: 'Copy',
      run: () => void copyText(`./writ runs show ${id}`, 'Command'),
    },
    {
      keys: 'c j',
      label: 'Copy as JSON',
      group: 'Copy',
      run: () => void copyText(JSON.stringify(run.data, null, 2), 'Run'),
    },
  ]);

  if (timeline.isError)
    return <Problem what="This run" error={timeline.error} onRetry={() => void timeline.refetch()} />;
  if (!timeline.data) return <Loading what="the run" rows={10} />;
  const version = timeline.data.next_seq;
  return (
    <div className={styles['page']}>
      <RunHeader id={id} run={run.data ?? null} timeline={timeline.data} />
      <Tabs
        className={styles['tabs'] ?? ''}
        value={tab}
        onChange={(next) => show((next ?? 'timeline') as Tab)}
        keepMounted={false}
      >
        <Tabs.List ref={tabs}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {NAMES[one]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="timeline" className={styles['panel'] ?? ''}>
          <TimelineTab timeline={timeline.data} />
        </Tabs.Panel>
        <Tabs.Panel value="conversation" className={styles['panel'] ?? ''}>
          <Conversation run={id} version={version} />
        </Tabs.Panel>
        <Tabs.Panel value="decisions" className={styles['panel'] ?? ''}>
          <DecisionsTab run={id} version={version} />
        </Tabs.Panel>
        <Tabs.Panel value="people" className={styles['panel'] ?? ''}>
          <PeopleTab run={id} version={version} status={timeline.data.status} />
        </Tabs.Panel>
        <Tabs.Panel value="limits" className={styles['panel'] ?? ''}>
          <LimitsTab run={id} version={version} />
        </Tabs.Panel>
        <Tabs.Panel value="audit" className={styles['panel'] ?? ''}>
          <AuditTab run={id} tenant={tenant} />
        </Tabs.Panel>
        <Tabs.Panel value="raw" className={styles['panel'] ?? ''}>
          {run.isError && <Problem what="The run" error={run.error} onRetry={() => void run.refetch()} />}
          {run.data && <RawTab run={run.data} />}
        </Tabs.Panel>
        <Tabs.Panel value="delegations" className={styles['panel'] ?? ''}>
          <DelegationsTab run={id} version={version} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
