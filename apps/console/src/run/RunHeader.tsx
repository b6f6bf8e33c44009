import { Button, Menu } from '@mantine/core';
import type { ResponseOf } from '@writ/contract';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { isFinal } from '@writ/words';
import { costText } from '../budgets/words';
import { openStops } from '../stops/request-stop';
import { copyLink } from '../frame/useFrameKeys';
import { download, ndjson } from '../list/take-away';
import { count, duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Icon } from '../ui/icons';
import { Id } from '../ui/Id';
import { Mark } from '../ui/Mark';
import { say } from '../ui/toasts';
import { RUN_STATUS } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { allEvents } from './all-events';
import { reasonOf } from './reason';
import styles from './Run.module.css';
import { ForkRun } from './ForkRun';
import { Siblings } from './Siblings';
import { Steer } from './Steer';
import { Upgrade } from './Upgrade';
import type { Timeline } from './timeline-rows';

interface Props {
  readonly id: string;
  readonly timeline: Timeline;
  /** Comes after the timeline. */
  readonly run: ResponseOf<'getRun'> | null;
}

export function RunHeader({ id, run, timeline }: Props) {
  const { search } = useAddress();
  const { status, workflow, usage } = timeline;
  const [forking, setForking] = useState(false);
  const [upgrading, setUpgrading] = useState(false);
  const final = isFinal(status);
  const now = useNow(!final);
  const start = Date.parse(timeline.from);
  const denied = useMemo(
    () => timeline.steps.reduce((sum, step) => sum + step.decisions.filter((one) => one.verdict === 'deny').length, 0),
    [timeline],
  );
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
        <Link to="/runs" search={{ ...list, sel: id } as never}>
          Runs
        </Link>
        <Icon name="right" size={11} />
        <Id id={id} what="Run id" />
        <Siblings id={id} />
      </div>
      <div className={styles['title']}>
        <h1 className="cut">{workflow}</h1>
        <Mark sign={RUN_STATUS[status]} />
        <p className={styles['reason']}>{reasonOf(run, timeline, now)}</p>
        <div className={styles['actions']}>
          {!final && (
            <Button
              variant="default"
              leftSection={<Icon name="stop" />}
              onClick={() => openStops({ scope: 'run', target: id })}
            >
              Stop run
            </Button>
          )}
          <Steer id={id} status={status} wait={run?.wait ?? null} />
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" rightSection={<Icon name="down" size={12} />}>
                Share
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void copyLink()}>Copy the link to this screen</Menu.Item>
              <Menu.Item onClick={() => download(`${id}.json`, JSON.stringify(run, null, 2), 'application/json')}>
                Run as JSON
              </Menu.Item>
              <Menu.Item onClick={() => void saveEvents(id)}>Journal as NDJSON</Menu.Item>
              <Menu.Divider />
              <Menu.Item onClick={() => setForking(true)}>Fork…</Menu.Item>
              {!final && <Menu.Item onClick={() => setUpgrading(true)}>Newer versions…</Menu.Item>}
              <Menu.Item
                component={Link}
                to="/compare"
                search={{ a: run?.fork?.run ?? id, b: run?.fork ? id : undefined } as never}
              >
                {run?.fork ? 'Compare with where it came from' : 'Compare with…'}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </div>
      {upgrading && <Upgrade run={id} onClose={() => setUpgrading(false)} />}
      {forking && <ForkRun run={id} step={null} onClose={() => setForking(false)} />}
      <dl className={styles['facts']}>
        <Fact name="For" value={run?.initiator ?? '…'} />
        <Fact name="Agents" value={agentsOf(timeline)} />
        {run?.batch && (
          <Fact
            name="Of a batch"
            value={
              <Link to="/batches" search={{ sel: run.batch.id } as never}>
                item {run.batch.key}
              </Link>
            }
          />
        )}
        {run?.fork && (
          <Fact
            name="Forked from"
            value={
              <>
                <Link to="/runs/$run" params={{ run: run.fork.run }}>
                  a run
                </Link>{' '}
                at event {count(run.fork.at)}, effects {run.fork.effects} (
                <Link to="/compare" search={{ a: run.fork.run, b: id } as never}>
                  compare
                </Link>
                )
              </>
            }
          />
        )}
        {run?.parent && (
          <Fact
            name="Started by"
            value={
              <Link to="/runs/$run" params={{ run: run.parent }}>
                a run
              </Link>
            }
          />
        )}
        {run && run.children.length > 0 && (
          <Fact
            name="Runs it started"
            value={
              <Link to="/runs" search={{ q: `id:${run.children.slice(0, 50).join(',')}`, from: 'all' } as never}>
                {count(run.children.length)}
              </Link>
            }
          />
        )}
        <Fact name="Started" value={<Stamp at={start} form="full" />} />
        <Fact name="Duration" value={duration(timeline.to_ms ?? now - start)} />
        <Fact name="Steps" value={count(timeline.steps.length)} />
        <Fact name="Refused" value={denied === 0 ? 'none' : <span className={styles['bad']}>{count(denied)}</span>} />
        <Fact name="Calls" value={`${count(usage.model_calls)} model, ${count(usage.tool_calls)} tool`} />
        <Fact name="Tokens" value={count(usage.tokens)} />
        {usage.cost_micros !== null && <Fact name="Cost" value={costText(usage.cost_micros)} />}
      </dl>
    </header>
  );
}

const agentsOf = ({ lanes }: Timeline): string =>
  lanes.flatMap(({ agent }) => (agent === null ? [] : [agent])).join(' → ') || 'none';

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
