import type { Json } from '@writ/kernel';
import { Link } from '@tanstack/react-router';
import { Stamp } from '../time/Stamp';
import { Command } from '../ui/Command';
import { Facts } from '../ui/Facts';
import { Icon } from '../ui/icons';
import { Id } from '../ui/Id';
import { JsonView } from '../ui/JsonView';
import { Mark } from '../ui/Mark';
import { VERDICT } from '../ui/tone';
import { AroundPast } from './Around';
import { aboutOf, missesOf, type StageView, stageName, stagesOf } from './decision-words';
import styles from './Decisions.module.css';
import type { Decision } from './useDecisions';

/** Why: in one sentence, then question by question, then what would have to be different. */
export function Explanation({ decision }: { readonly decision: Decision }) {
  return (
    <div className={styles['explanation']}>
      <Decided decision={decision} />
      <AroundPast decision={decision} />
      <section>
        <h3>On record</h3>
        <Facts
          facts={[
            ['Told the agent', <code key="reason">{decision.reason}</code>],
            ['Decided', <Stamp key="time" at={decision.time} form="full" />],
            ['Decision', <Id key="id" id={decision.id} what="Decision id" />],
            [
              'Policy',
              <span key="snapshot">
                <Id id={decision.snapshot} what="Policy digest" />{' '}
                <Link to="/policy" search={{ tab: 'history', sel: decision.snapshot } as never}>
                  what it said
                </Link>
              </span>,
            ],
            decision.run === null
              ? null
              : [
                  'Evidence',
                  <Link
                    key="audit"
                    to="/audit"
                    search={{ q: `run:${decision.run} ${decision.id}`, from: 'all' } as never}
                  >
                    its event in the audit log
                  </Link>,
                ],
          ]}
        />
        <Command text={`./writ explain ${decision.id}`} />
      </section>
    </div>
  );
}

/** What was decided and why, of a decision that was made or that would be. */
export function Decided({ decision }: { readonly decision: Omit<Decision, 'id'> }) {
  const misses = missesOf(decision);
  const silent = decision.verdict === 'deny' && !decision.explicit;
  return (
    <>
      <section>
        <div className={styles['line']}>
          <Mark sign={VERDICT[decision.verdict]} />
          <span className="dim">
            {decision.verdict === 'deny'
              ? silent
                ? 'by default: no rule says yes'
                : 'explicitly: a rule or a stop says no'
              : ''}
          </span>
        </div>
        <p className={styles['sentence']}>{decision.sentence}</p>
        <p className="dim">{aboutOf(decision)}</p>
      </section>
      <section>
        <h3>Question by question</h3>
        <ol className={styles['stages']}>
          {stagesOf(decision).map((stage, index) => (
            <Stage key={index} stage={stage} settled={stage.stage === decision.stage} />
          ))}
        </ol>
      </section>
      {misses.length > 0 && (
        <section>
          <h3>Nearest rules</h3>
          <ul className={styles['misses']}>
            {misses.map((miss, index) => (
              <li key={index}>
                <Icon name="cross" size={12} />
                <span>
                  {miss.rid !== '' && <code>{miss.rid}</code>} {miss.missing}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {decision.obligations.length > 0 && (
        <section>
          <h3>Obligations</h3>
          <JsonView label="Obligations" value={decision.obligations} />
        </section>
      )}
    </>
  );
}

function Stage({ stage, settled }: { readonly stage: StageView; readonly settled: boolean }) {
  const { matches } = stage;
  return (
    <li className={styles['stage']} data-settled={settled || undefined}>
      <div className={styles['line']}>
        <span className={styles['which']}>{stageName(stage.stage)}</span>
        <code className="cut">{stage.subject}</code>
        <span className={styles['end']}>
          <Mark sign={VERDICT[stage.verdict]} quiet />
        </span>
      </div>
      {matches.length === 0 && (
        <p className="dim">
          {stage.verdict === 'allow' ? 'Nothing stands against it.' : 'No rule grants it; silence denies.'}
        </p>
      )}
      {matches.map((match) => (
        <div key={match.rid} className={styles['match']}>
          <span>
            rule <code>{match.rid}</code> {match.effect === 'deny' ? 'forbids' : 'allows'}
            {match.condition !== null && (
              <>
                {' '}
                if <code>{match.condition}</code>
              </>
            )}
          </span>
          {match.error !== null && <p className={styles['fault']}>{match.error}</p>}
          <Read read={match.read} />
        </div>
      ))}
    </li>
  );
}

/** What the condition read, and what each clause came to. */
function Read({ read }: { readonly read: { readonly [path: string]: Json } }) {
  const entries = Object.entries(read);
  if (entries.length === 0) return null;
  return (
    <ul className={styles['read']}>
      {entries.map(([path, value]) => (
        <li key={path}>
          {typeof value === 'boolean' ? (
            <Icon name={value ? 'check' : 'cross'} size={12} />
          ) : (
            <span className={styles['dot']} />
          )}
          <span>
            <code>{path}</code>
            {typeof value === 'boolean' ? (
              value ? (
                ' holds'
              ) : (
                ' does not hold'
              )
            ) : (
              <> is {typeof value === 'string' ? value : JSON.stringify(value)}</>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
