import { Button, Menu } from '@mantine/core';
import type { ResponseOf } from '@writ/contract';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { openStops } from '../stops/request-stop';
import { copyLink } from '../frame/useFrameKeys';
import { download, ndjson } from '../list/take-away';
import { count, duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { Id } from '../ui/Id';
import { Mark } from '../ui/Mark';
import { say } from '../ui/toasts';
import { isFinal, RUN_STATUS } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { allEvents } from './all-events';
import { reasonOf } from './reason';
import styles from './Run.module.css';
import { Siblings } from './Siblings';
import type { Timeline } from './timeline-rows';

interface Props {
  readonly run: ResponseOf<'getRun'>;
  readonly timeline: Timeline | null;
}

export function RunHeader({ run, timeline }: Props) {
  const { search } = useAddress();
  const final = isFinal(run.status);
  const now = useNow(!final);
  const end = run.finished_at === null ? now : Date.parse(run.finished_at);
  const decisions = timeline?.steps.flatMap((step) => step.decisions) ?? [];
  const denied = decisions.filter((one) => one.verdict === 'deny').length;
  const list = {
    ...search,
    tab: undefined,
    step: undefined,
    dec: undefined,
    zoom: undefined,
    group: undefined,
    fold: undefined,
    evt: undefined,
  };
  return (
    <header className={styles['header']}>
      <div className={styles['trail']}>
        <Link to="/runs" search={{ ...list, sel: run.id } as never}>
          Runs
        </Link>
        <Icon name="right" size={11} />
        <Id id={run.id} what="Run id" />
        <Siblings id={run.id} />
      </div>
      <div className={styles['title']}>
        <h1 className="cut">{run.workflow}</h1>
        <Mark sign={RUN_STATUS[run.status]} />
        <p className={styles['reason']}>{reasonOf(run, timeline, now)}</p>
        <div className={styles['actions']}>
          {!final && (
            <Button
              variant="default"
              leftSection={<Icon name="stop" />}
              onClick={() => openStops({ scope: 'run', target: run.id })}
            >
              Stop run
            </Button>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" rightSection={<Icon name="down" size={12} />}>
                Share
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void copyLink()}>Copy the link to this screen</Menu.Item>
              <Menu.Item onClick={() => download(`${run.id}.json`, JSON.stringify(run, null, 2), 'application/json')}>
                Run as JSON
              </Menu.Item>
              <Menu.Item onClick={() => void saveEvents(run.id)}>Journal as NDJSON</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </div>
      <dl className={styles['facts']}>
        <Fact name="For" value={run.initiator} />
        <Fact name="Agents" value={run.agents.length > 0 ? run.agents.join(' → ') : 'none'} />
        <Fact name="Started" value={<Stamp at={run.created_at} form="full" />} />
        <Fact name="Duration" value={duration(end - Date.parse(run.created_at))} />
        <Fact name="Steps" value={count(timeline?.steps.length ?? 0)} />
        <Fact name="Refused" value={denied === 0 ? 'none' : <span className={styles['bad']}>{count(denied)}</span>} />
        <Fact name="Calls" value={`${count(run.usage.model_calls)} model, ${count(run.usage.tool_calls)} tool`} />
        <Fact name="Tokens" value={count(run.usage.tokens)} />
      </dl>
    </header>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

async function saveEvents(id: string): Promise<void> {
  say('Reading the journal…');
  download(`${id}.ndjson`, ndjson(await allEvents(id)), 'application/x-ndjson');
}

/** Now, ticking while something goes on. */
function useNow(on: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [on]);
  return now;
}
