import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import type { Json } from '@writ/kernel';
import { api } from '../api/client';
import { Panel } from '../list/Panel';
import { count, duration } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Icon } from '../ui/icons';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { VERDICT } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import styles from './Step.module.css';
import { ForkRun } from './ForkRun';
import type { Step, Timeline } from './timeline-rows';
import { KIND, STEP_STATE } from './words';

interface Props {
  readonly timeline: Timeline;
  readonly step: Step;
  readonly onClose: () => void;
}

/** One step: what was asked, what came back, what was decided about it. */
export function StepPanel({ timeline, step, onClose }: Props) {
  const { push } = useAddress();
  const [forking, setForking] = useState(false);
  const start = Date.parse(timeline.from);
  const end = step.to_ms ?? timeline.as_of_ms;
  const lane = timeline.lanes[step.lane];
  const title = (
    <span className={styles['title']}>
      <Icon name={KIND[step.kind].icon} />
      <strong className="cut">{step.target}</strong>
      <span className="dim">#{step.step}</span>
      <Mark sign={STEP_STATE[step.state]} />
    </span>
  );
  return (
    <Panel label={`Step ${step.step}`} title={title} onClose={onClose}>
      <div className={styles['panel']}>
        <Facts
          facts={[
            ['Kind', KIND[step.kind].word],
            ['Agent', lane?.agent ?? 'the workflow itself'],
            step.detail === undefined ? null : ['Why', step.detail],
            ['Began', <Stamp key="from" at={start + step.from_ms} form="full" />],
            ['Took', duration(end - step.from_ms)],
            step.attempts > 1 ? ['Tries', count(step.attempts)] : null,
            step.tokens > 0 ? ['Tokens', count(step.tokens)] : null,
            step.path === '' ? null : ['Node', <code key="path">{step.path}</code>],
            [
              'Evidence',
              <Link
                key="audit"
                to="/audit"
                search={{ q: `run:${timeline.run} step:${step.step}`, from: 'all' } as never}
              >
                its events in the audit log
              </Link>,
            ],
          ]}
        />
        <div>
          <Button variant="default" size="xs" onClick={() => setForking(true)}>
            Fork from here…
          </Button>
        </div>
        {forking && <ForkRun run={timeline.run} step={step.step} onClose={() => setForking(false)} />}
        {step.decisions.length > 0 && (
          <section>
            <h3>Decisions</h3>
            <ul className={styles['decisions']}>
              {step.decisions.map((decision) => (
                <li key={decision.id}>
                  <Mark sign={VERDICT[decision.verdict]} quiet />
                  <code className="cut">{decision.reason}</code>
                  <button type="button" onClick={() => push({ tab: 'decisions', dec: decision.id })}>
                    Explain
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
        <Content run={timeline.run} step={step} />
      </div>
    </Panel>
  );
}

/** Events of one step lie close together: a page from its first one holds them, unless the run was busy elsewhere. */
const NEAR = 60;

function Content({ run, step }: { readonly run: string; readonly step: Step }) {
  const events = useQuery({
    queryKey: ['step', run, step.step, step.to_ms, step.state],
    queryFn: async ({ signal }) => {
      const page = await api.runs.events(run, { after: step.sequence - 1, limit: NEAR }, { signal }).page();
      return page.data.filter((event) => event['step'] === step.step);
    },
  });
  if (events.isError)
    return <Problem what="What the step sent and got" error={events.error} onRetry={() => void events.refetch()} />;
  if (!events.data) return <Loading what="the step" rows={3} />;
  const intended = events.data.find((event) => 'args' in event);
  const settled = events.data.findLast((event) => event.type === 'step_settled');
  return (
    <>
      {intended && (
        <section>
          <h3>Input</h3>
          <JsonView label="Input" value={intended['args'] as Json} />
        </section>
      )}
      {settled && (
        <section>
          <h3>{settled['outcome'] === 'ok' ? 'Output' : 'What came back'}</h3>
          <JsonView label="Output" value={(settled['result'] ?? settled['failure'] ?? null) as Json} />
        </section>
      )}
      <section>
        <h3>Journal</h3>
        <ul className={styles['journal']}>
          {events.data.map((event) => (
            <li key={event.sequence}>
              <code>{event.sequence}</code> {event.type} <Stamp at={event.time} form="clock" />
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
