import { SegmentedControl } from '@mantine/core';
import listBar from '../list/ListBar.module.css';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePeek } from '../list/usePeek';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import type { Question } from './AnswerForm';
import { QuestionPanel } from './QuestionPanel';
import styles from './Questions.module.css';
import { useQuestions } from './useQuestions';
import { QUESTION_STATUS } from './words';

const TABS = [
  { value: 'open', label: 'Open' },
  { value: 'all', label: 'All' },
];

/** What workflows ask people: the answer is the output of the step that waits for it. */
export function QuestionsPage() {
  const { search, push } = useAddress();
  const tab = search['tab'] === 'all' ? 'all' : 'open';
  const { query, refresh, rows } = useQuestions(tab);
  const { chosen, isOpen, open, close } = usePeek(rows, 'question');
  return (
    <Page
      title="Questions"
      purpose="What workflows ask people. The answer is what the waiting step comes to."
      controls={
        <div className={listBar['bar']}>
          <SegmentedControl
            size="xs"
            aria-label="Which questions"
            data={TABS}
            value={tab}
            onChange={(value) => push({ tab: value === 'open' ? undefined : value, sel: undefined, view: undefined })}
          />
          <span className="dim" aria-live="polite">
            {query.isSuccess ? `${plural(rows.length, 'question')}${query.hasNextPage ? ' so far' : ''}` : ''}
          </span>
        </div>
      }
      panel={chosen && isOpen && <QuestionPanel question={chosen} onClose={close} onAnswered={refresh} />}
    >
      {query.isError && <Problem what="The questions" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="questions" rows={4} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty icon="help" title="Nothing is asked" command="./writ questions list --all">
          <p>
            A step of type <code>input</code> puts a question with a schema; its run waits here, and no worker is held.
          </p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']}>
          <ul className={styles['list']} aria-label="Questions">
            {rows.map((one) => (
              <li key={one.id}>
                <Row question={one} current={one.id === chosen?.id} onOpen={() => open(one)} />
              </li>
            ))}
          </ul>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}

interface RowProps {
  readonly question: Question;
  readonly current: boolean;
  readonly onOpen: () => void;
}

function Row({ question, current, onOpen }: RowProps) {
  return (
    <button type="button" className={styles['row']} aria-current={current || undefined} onClick={onOpen}>
      <span className={styles['line']}>
        <Mark sign={QUESTION_STATUS[question.status]} quiet />
        <strong className="cut">{question.question}</strong>
      </span>
      <span className={styles['about']}>
        {question.workflow} asks {question.role ?? 'anybody'} ·{' '}
        {question.expires_at !== null && question.status === 'pending' ? (
          <>
            wanted by <Stamp at={question.expires_at} form="ago" />
          </>
        ) : (
          <Stamp at={question.ended_at ?? question.asked_at} form="ago" />
        )}
        {question.status === 'answered' && ` · by ${question.answered_by ?? ''}`}
      </span>
    </button>
  );
}
