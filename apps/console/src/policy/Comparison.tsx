import { Link } from '@tanstack/react-router';
import type { ResponseOf } from '@writ/contract';
import { count, plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Icon, type IconName } from '../ui/icons';
import { Mark } from '../ui/Mark';
import { VERDICT } from '../ui/tone';
import styles from './Policy.module.css';

export type Compared = ResponseOf<'comparePolicy'>;
type Change = Compared['changes'][number];
type Replay = NonNullable<Compared['replay']>;

const GROUPS = [
  { leads: 'more', title: 'Allows more' },
  { leads: 'either', title: 'Depends on what refers to it' },
  { leads: 'less', title: 'Allows less' },
] as const;

/** What another policy says differently, what gives anybody more first, and what that would have meant lately. */
export function Comparison({ compared }: { readonly compared: Compared }) {
  const { changes, warnings, replay } = compared;
  return (
    <div className={styles['compared']} role="status">
      {changes.length === 0 && <p>It says what the policy in force says.</p>}
      {warnings.map((warning) => (
        <p key={warning} className={styles['warning']}>
          <Icon name="warn" /> {warning}
        </p>
      ))}
      {GROUPS.map(({ leads, title }) => {
        const of = changes.filter((one) => one.leads === leads);
        if (of.length === 0) return null;
        return (
          <section key={leads}>
            <h3>
              {title} <span className="dim">{count(of.length)}</span>
            </h3>
            <ul className={styles['changes']}>
              {of.map((one) => (
                <Line key={`${one.part} ${one.name}`} change={one} />
              ))}
            </ul>
          </section>
        );
      })}
      {changes.length > 0 && replay && <Replayed replay={replay} />}
    </div>
  );
}

const SIGN: { readonly [C in Change['change']]: string } = { added: '+', removed: '−', changed: '~' };

function Line({ change: { change, part, name, words, before, after } }: { readonly change: Change }) {
  return (
    <li data-change={change}>
      <span className={styles['sign']} aria-hidden="true">
        {SIGN[change]}
      </span>
      <div>
        <span className="only-read">{change}: </span>
        {words}
        {(part === 'rule' || change === 'changed') && (
          <details>
            <summary className="dim">{part === 'rule' ? `rule ${name}` : 'as it is written'}</summary>
            {before !== null && (
              <pre className={styles['text']}>
                {change === 'changed' && 'was '}
                {before}
              </pre>
            )}
            {after !== null && (
              <pre className={styles['text']}>
                {change === 'changed' && 'is  '}
                {after}
              </pre>
            )}
          </details>
        )}
      </div>
    </li>
  );
}

const MOST_MOVED = 100;
const ICON: IconName = 'right';

/** The newest decisions, decided again under both. */
function Replayed({ replay }: { readonly replay: Replay }) {
  const { replayed, runs, moved, comparable, faithful, skipped, complete } = replay;
  if (replayed === 0) return <p className="dim">No run has decided anything that could be decided again.</p>;
  return (
    <section>
      <h3>What it would have meant</h3>
      <p>
        Of the newest {plural(replayed, 'decision')}
        {complete ? ', which are all there are,' : ''} of {plural(runs, 'run')},{' '}
        <strong>{moved.length === 0 ? 'none would be another' : `${count(moved.length)} would be others`}</strong>.
        {skipped > 0 && ` ${plural(skipped, 'decision')} could not be asked again.`}
      </p>
      {comparable > faithful && (
        <p className={styles['warning']}>
          <Icon name="warn" /> {count(comparable - faithful)} of {count(comparable)} that the policy in force made it
          would make otherwise today, facts having changed. Read the rest with care.
        </p>
      )}
      {moved.length > 0 && (
        <ul className={styles['moved']} aria-label="Decisions that would be others">
          {moved.slice(0, MOST_MOVED).map((one) => (
            <li key={one.id}>
              <span className={styles['turn']}>
                <Mark sign={VERDICT[one.before]} quiet /> <Icon name={ICON} size={12} />{' '}
                <span className="only-read">would be</span> <Mark sign={VERDICT[one.after]} quiet />
              </span>
              <span>
                {one.action} <code>{one.target}</code>{' '}
                {one.run !== null && (
                  <Link to="/runs/$run" params={{ run: one.run }} search={{ tab: 'decisions', dec: one.id } as never}>
                    in its run
                  </Link>
                )}{' '}
                <span className="dim">
                  <Stamp at={one.time} form="ago" /> · {one.sentence}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {moved.length > MOST_MOVED && <p className="dim">and {count(moved.length - MOST_MOVED)} more</p>}
    </section>
  );
}
