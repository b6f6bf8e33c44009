import { Button, SegmentedControl } from '@mantine/core';
import { useKeys } from '../keys/useKeys';
import listBar from '../list/ListBar.module.css';
import { Page } from '../list/Page';
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
  const { search, push, replace } = useAddress();
  const tab = search['tab'] === 'all' ? 'all' : 'open';
  const { query, refresh, rows } = useQuestions(tab);
  const at = rows.findIndex(({ id }) => id === search['sel']);
  const chosen = rows[at];
  const open = (one: Question): void => push({ sel: one.id, view: 'peek' });
  const move = (by: number): void => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) replace({ sel: next.id });
  };
  useKeys([
    { keys: 'j', label: 'Next question', group: 'List', run: () => move(1) },
    { keys: 'k', label: 'Previous question', group: 'List', run: () => move(-1) },
    { keys: 'o', label: 'Look at it', group: 'List', run: () => chosen && open(chosen) },
    { keys: 'Enter', label: 'Open it', group: 'List', run: () => chosen && open(chosen) },
    { keys: 'Escape', label: 'Close', group: 'List', run: () => push({ view: undefined }) },
  ]);
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
      panel={
        chosen &&
        search['view'] === 'peek' && (
          <QuestionPanel question={chosen} onClose={() => push({ view: undefined })} onAnswered={refresh} />
        )
      }
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
          {query.hasNextPage && (
            <Button variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          )}
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
