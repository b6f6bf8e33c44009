import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../api/client';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import type { Sign } from '../ui/tone';
import { msText, rungName } from './ladder';
import styles from './Stops.module.css';
import { stopName } from './useStops';

type Report = Awaited<ReturnType<typeof api.stops.get>>;
type Step = Report['residue'][number];

const FATE: { readonly [F in Step['fate']]: Sign } = {
  open: { tone: 'wait', icon: 'clock', word: 'still out' },
  settled: { tone: 'good', icon: 'check', word: 'outcome known' },
  unknown: { tone: 'unsure', icon: 'unsure', word: 'outcome unknown' },
};

/** How far one stop has taken effect: who has applied it, how fast, what was on its way, which runs it ended. */
export function StopEffect({ id }: { readonly id: string }) {
  const report = useQuery({
    queryKey: ['stops', 'effect', id],
    queryFn: ({ signal }) => api.stops.get(id, { signal }),
    refetchInterval: 2_000,
  });
  if (report.isPending) return <Loading what="the stop" rows={3} />;
  if (report.isError) return <Problem what="The stop" error={report.error} onRetry={() => void report.refetch()} />;
  const { stop, acks, time_to_stop: times, residue, ended } = report.data;
  const silent = acks.filter(({ at }) => at === null).length;
  return (
    <section className={styles['effect']} aria-label={`Effect of the stop of ${stopName(stop)}`}>
      <h2>{stopName(stop)}</h2>
      <Facts
        facts={[
          ['Rung', rungName(stop.mode)],
          ['Set', <Stamp key="at" at={stop.set_at} form="full" />],
          ['Applied by', `${acks.length - silent} of ${acks.length} processes`],
          times && [
            'Time to stop',
            `first ${msText(times.first)}, p95 ${msText(times.p95)}, last ${msText(times.last)}`,
          ],
          ['Release', stop.released_at ? `by ${stop.released_by}` : stop.two_persons ? 'takes two persons' : 'not yet'],
        ]}
      />
      <h3>Processes</h3>
      <ul className={styles['plain']}>
        {acks.map((ack) => (
          <li key={ack.instance}>
            <code>{ack.instance}</code> {ack.kind.replace('_', ' ')}:{' '}
            {ack.after_ms === null ? (
              <Mark sign={{ tone: 'wait', icon: 'clock', word: 'no answer yet' }} quiet />
            ) : (
              `applied after ${msText(ack.after_ms)}`
            )}
          </li>
        ))}
      </ul>
      <h3>Residue: {residue.length} on their way when it took effect</h3>
      <ul className={styles['plain']}>
        {residue.map((step) => (
          <li key={`${step.run}.${step.step}.${step.attempt}`}>
            <Link to="/runs/$run" params={{ run: step.run }}>
              {step.run.slice(0, 14)}…
            </Link>{' '}
            step {step.step}: {step.kind} {step.target} <Mark sign={FATE[step.fate]} quiet />
          </li>
        ))}
      </ul>
      {ended.length > 0 && (
        <>
          <h3>{ended.length} runs ended</h3>
          <ul className={styles['plain']}>
            {ended.map(({ run, workflow, to_undo: toUndo, left }) => (
              <li key={run}>
                <Link to="/runs/$run" params={{ run }}>
                  {run.slice(0, 14)}…
                </Link>{' '}
                {workflow}
                {toUndo.length > 0 &&
                  `, can be undone: ${toUndo.map(({ path, tool }) => `${path} (${tool})`).join(', ')}`}
                {left.length > 0 && `, not at an end: ${left.join(', ')}`}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
