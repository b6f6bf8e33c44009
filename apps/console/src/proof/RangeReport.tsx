import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Report } from '@writ/verify';
import { api } from '../api/client';
import { count, duration, plural } from '../time/format';
import { Facts } from '../ui/Facts';
import { Icon } from '../ui/icons';
import { PinKey } from './PinKey';
import styles from './Proof.module.css';

interface Props {
  readonly report: Report;
  readonly base: string;
  readonly onAgain: (acceptEmbedded: boolean) => void;
}

/** What a verification came to: green only under a pinned key, or a checkpoint that was kept. */
export function RangeReport({ report, base, onAgain }: Props) {
  const { verdict, trust, problems } = report;
  const vouched = verdict === 'intact' && (trust.by === 'key' || trust.by === 'checkpoint');
  const look = verdict === 'broken' ? 'broken' : vouched ? 'proven' : 'unpinned';
  const rate = Math.round(report.events / Math.max(0.001, report.ms / 1_000));
  const unknown = verdict === 'unknown_key' || trust.by === 'embedded';
  // A key nobody pinned is not even read from the export; what the server names is only offered for comparison.
  const log = useQuery({ queryKey: ['log'], queryFn: ({ signal }) => api.audit.log({ signal }), enabled: unknown });
  const offered = unknown ? (report.keys.at(-1)?.vkey ?? log.data?.keys.at(-1)?.vkey) : undefined;
  return (
    <>
      <section className={styles['verdict']} data-verdict={look} role="status">
        <Icon name={look === 'proven' ? 'check' : look === 'broken' ? 'warn' : 'key'} size={20} />
        <div>
          <h3>{TITLES[look]}</h3>
          <p>{inWords(report, vouched)}</p>
        </div>
      </section>
      {verdict === 'unknown_key' && (
        <div className={styles['buttons']}>
          <Button variant="default" onClick={() => onAgain(true)}>
            Check that it is whole, without saying whose it is
          </Button>
        </div>
      )}
      {offered !== undefined && <PinKey vkey={offered} base={base} onPinned={() => onAgain(false)} />}
      {problems.length > 0 && (
        <ol className={styles['problems']} aria-label="Problems">
          {problems.map((problem, index) => (
            <li key={index}>
              <strong>{problem.fault}</strong> {problem.message}
              <dl className={styles['differs']}>
                <Pair name="Index" value={problem.index} />
                <Pair name="Event" value={problem.event} />
                <Pair name="Byte in the export" value={problem.byte} />
                <Pair name="Expected" value={problem.expected} />
                <Pair name="Found" value={problem.found} />
              </dl>
            </li>
          ))}
        </ol>
      )}
      {verdict !== 'unknown_key' && (
        <Facts
          facts={[
            [
              'Events',
              `${count(report.events)} read, ${count(report.hidden)} held by hashes, ${count(report.unsealed)} not sealed yet`,
            ],
            ['Tree', `${count(report.proven)} of ${count(report.size)} under a checkpoint that fits`],
            ['Heads crossed', count(report.checkpoints)],
            ['Runs', count(report.runs)],
            [
              'Seen before',
              report.outside.length === 0
                ? 'no earlier head is kept here'
                : report.outside.map((one) => `${count(one.size)}: ${one.state}`).join(', '),
            ],
            ['Took', `${duration(report.ms)}, ${count(rate)} events/s, ${count(report.bytes)} bytes`],
          ]}
        />
      )}
    </>
  );
}

const TITLES = {
  proven: 'Intact',
  broken: 'Verification failed',
  unpinned: 'Nobody here vouches for the key',
};

function inWords(report: Report, vouched: boolean): string {
  if (report.verdict === 'broken') return `${plural(report.problem_count, 'problem')}. The first is where to begin.`;
  if (vouched)
    return `All ${plural(report.events, 'event')} are what the log holds, under ${plural(report.checkpoints, 'checkpoint')}. Checked in this browser.`;
  if (report.verdict === 'unknown_key')
    return 'The export names a key that is not pinned in this browser, so nothing of it was believed or checked.';
  return `It is whole: ${plural(report.events, 'event')} fit ${plural(report.checkpoints, 'checkpoint')}. That it is genuine remains open until a key is pinned.`;
}

function Pair({ name, value }: { readonly name: string; readonly value: string | number | null }) {
  if (value === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  );
}
