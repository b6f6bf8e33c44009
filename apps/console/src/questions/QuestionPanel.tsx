import { Link } from '@tanstack/react-router';
import type { Json } from '@writ/kernel';
import styles from '../list/Inbox.module.css';
import { Panel } from '../list/Panel';
import { Stamp } from '../time/Stamp';
import { Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { JsonView } from '../ui/JsonView';
import { Mark } from '../ui/Mark';
import { AnswerForm, type Question } from './AnswerForm';
import { QUESTION_STATUS } from './words';

interface Props {
  readonly question: Question;
  readonly onClose: () => void;
  readonly onAnswered: () => Promise<unknown>;
}

/** One question: what is asked, by which run, of whom, until when; and its answer, given or to be given. */
export function QuestionPanel({ question, onClose, onAnswered }: Props) {
  const { id, run, workflow, path, role, status } = question;
  const title = (
    <span className={styles['line']}>
      <Mark sign={QUESTION_STATUS[status]} />
      <strong className="cut">{workflow}</strong>
    </span>
  );
  return (
    <Panel label={`Question ${id}`} title={title} onClose={onClose}>
      <div className={styles['panel']}>
        <p className={styles['sentence']}>{question.question}</p>
        {status === 'pending' && <AnswerForm key={id} question={question} onAnswered={onAnswered} />}
        {status === 'answered' && (
          <section>
            <h3>Answered by {question.answered_by}</h3>
            <JsonView value={question.answer as Json} label="Answer" />
          </section>
        )}
        {status === 'withdrawn' && <p className="dim">Nobody needs the answer any more.</p>}
        <section>
          <h3>About</h3>
          <Facts
            facts={[
              ['Question', <Id key="id" id={id} what="Question id" />],
              ['Asked of', role ?? 'all whom the policy lets answer'],
              ['Asked', <Stamp key="at" at={question.asked_at} form="full" />],
              question.expires_at === null
                ? null
                : ['Wanted by', <Stamp key="end" at={question.expires_at} form="full" />],
              path === '' ? null : ['Step', path],
            ]}
          />
          <p>
            <Link to="/runs/$run" params={{ run }}>
              Open the run
            </Link>
          </p>
        </section>
        <details>
          <summary>Schema of the answer</summary>
          <JsonView value={question.schema as Json} label="Schema" />
        </details>
      </div>
    </Panel>
  );
}
