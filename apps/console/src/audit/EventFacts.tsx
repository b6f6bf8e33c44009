import { Link } from '@tanstack/react-router';
import type { Json, JsonObject } from '@writ/kernel';
import type { ListedEvent } from '../api/audit';
import { count } from '../time/format';
import { Stamp } from '../time/Stamp';
import { type Fact, Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { JsonView } from '../ui/JsonView';
import styles from './Audit.module.css';
import { targetOf } from './columns';

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const SHOWN = new Set([
  'view',
  'schema',
  'id',
  'tenant',
  'origin',
  'type',
  'time',
  'run',
  'run_seq',
  'prev',
  'actor',
  'action',
  'object',
  'outcome',
  'step',
  'trace',
  'span',
]);

/** What an event says, member by member; what has no name here is shown as it is. */
export function EventFacts({ event }: { readonly event: ListedEvent }) {
  const decision = event['decision'] as { id?: unknown } | undefined;
  const dec = text(decision?.id);
  const run = event.run === 'tenant' ? null : event.run;
  const step = event['step'];
  const rest = Object.fromEntries(Object.entries(event).filter(([name]) => !SHOWN.has(name))) as {
    [name: string]: Json;
  };
  const fact = (name: string, value: string | null): Fact => (value === null ? null : [name, value]);
  return (
    <>
      <Facts
        facts={[
          ['Happened', <Stamp key="time" at={event.time} form="full" />],
          fact('Actor', text(event['actor'])),
          fact('Action', text(event['action'])),
          fact('Target', targetOf(event)),
          fact('Outcome', text(event['outcome'])),
          run === null
            ? ['Stream', 'the tenant’s own']
            : [
                'Run',
                <Link
                  key="run"
                  to="/runs/$run"
                  params={{ run }}
                  search={typeof step === 'number' ? ({ step: `s${step}` } as never) : ({} as never)}
                >
                  {run}
                </Link>,
              ],
          typeof step === 'number' ? ['Step', count(step)] : null,
          ['Place in run', count(event.run_seq)],
          dec === null || run === null
            ? null
            : [
                'Decision',
                <Link key="dec" to="/runs/$run" params={{ run }} search={{ tab: 'decisions', dec } as never}>
                  explained
                </Link>,
              ],
          ['Event', <Id key="id" id={event.id} what="Event id" />],
          ['Hash before', <Id key="prev" id={event.prev} what="Hash" />],
          text(event['trace']) === null
            ? null
            : ['Trace', <Id key="trace" id={String(event['trace'])} what="Trace id" />],
        ]}
      />
      <Related event={event} />
      {Object.keys(rest).length > 0 && (
        <section className={styles['more']}>
          <h3>Everything else in it</h3>
          <JsonView label="Further members" value={rest as JsonObject} />
        </section>
      )}
    </>
  );
}

/** Other events about the same things. */
function Related({ event }: { readonly event: ListedEvent }) {
  const object = event['object'] as { id?: unknown } | undefined;
  const links: (readonly [string, string])[] = [];
  if (event.run !== 'tenant') links.push(['same run', `run:${event.run}`]);
  if (text(event['trace']) !== null) links.push(['same request', `trace:${String(event['trace'])}`]);
  if (text(object?.id) !== null) links.push(['same object', `object:"${String(object?.id)}"`]);
  if (text(event['actor']) !== null) links.push(['same actor', `actor:${String(event['actor'])}`]);
  return (
    <p className={styles['related']}>
      <span className="dim">Other events of the</span>
      {links.map(([label, q]) => (
        <Link key={label} to="/audit" search={{ q, from: 'all' } as never}>
          {label}
        </Link>
      ))}
    </p>
  );
}
