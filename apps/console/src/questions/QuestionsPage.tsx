import { Inbox, useTab } from '../list/Inbox';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import type { Question } from './AnswerForm';
import { QuestionPanel } from './QuestionPanel';
import { useQuestions } from './useQuestions';
import { QUESTION_STATUS } from './words';

const TABS = [
  { value: 'open', label: 'Open' },
  { value: 'all', label: 'All' },
] as const;

/** What workflows ask people: the answer is the output of the step that waits for it. */
export function QuestionsPage() {
  const tab = useTab(TABS);
  const { query, refresh, rows } = useQuestions(tab);
  return (
    <Inbox
      title="Questions"
      purpose="What workflows ask people. The answer is what the waiting step comes to."
      noun="question"
      tabs={TABS}
      tab={tab}
      query={query}
      rows={rows}
      tell={(one) => ({ sign: QUESTION_STATUS[one.status], title: one.question, about: <About question={one} /> })}
      panel={(one, close) => <QuestionPanel question={one} onClose={close} onAnswered={refresh} />}
      empty={
        <Empty icon="help" title="Nothing is asked" command="./writ questions list --all">
          <p>
            A step of type <code>input</code> puts a question with a schema; its run waits here, and no worker is held.
          </p>
        </Empty>
      }
    />
  );
}

function About({ question }: { readonly question: Question }) {
  return (
    <>
      {question.workflow} asks {question.role ?? 'anybody'} ·{' '}
      {question.expires_at !== null && question.status === 'pending' ? (
        <>
          wanted by <Stamp at={question.expires_at} form="ago" />
        </>
      ) : (
        <Stamp at={question.ended_at ?? question.asked_at} form="ago" />
      )}
      {question.status === 'answered' && ` · by ${question.answered_by ?? ''}`}
    </>
  );
}
