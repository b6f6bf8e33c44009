import { Button, Textarea } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { isFinal, type RunStatus } from '@writ/words';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { APPROVAL_STATUS, quorumOf } from '../approvals/approvals';
import { AnswerForm } from '../questions/AnswerForm';
import { QUESTION_STATUS } from '../questions/words';
import { REVIEWS_KEY } from '../reviews/useReviews';
import { reviewSign } from '../reviews/words';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import { allEvents } from './all-events';
import styles from './People.module.css';

const MOST = 100;

interface Props {
  readonly run: string;
  readonly version: number;
  readonly status: RunStatus;
}

/** Where people have a part in a run: what they were asked to approve, what they were asked, what they told it. */
export function PeopleTab({ run, version, status }: Props) {
  const mayLook = useMay('review.read');
  return (
    <div className={styles['tab']}>
      <Requests run={run} version={version} />
      <Asked run={run} version={version} />
      <Notes run={run} version={version} status={status} />
      {mayLook && isFinal(status) && <Looked run={run} version={version} />}
    </div>
  );
}

type Part = Pick<Props, 'run' | 'version'>;

function Requests({ run, version }: Part) {
  const found = useQuery({
    queryKey: ['approvals', 'run', run, version],
    queryFn: ({ signal }) =>
      api.approvals.list({ filter: `run:${run}`, sort: 'requested', limit: MOST }, { signal }).page(),
    placeholderData: keepPreviousData,
  });
  return (
    <Section title="Approvals" query={found} empty="The policy asked nobody about this run.">
      <ul className={styles['list']}>
        {found.data?.data.map((one) => (
          <li key={one.id}>
            <span className={styles['line']}>
              <Mark sign={APPROVAL_STATUS[one.status]} quiet />
              <Link
                to="/approvals"
                search={
                  {
                    tab: one.status === 'pending' ? 'open' : 'settled',
                    q: `run:${run}`,
                    sel: one.id,
                    view: 'peek',
                  } as never
                }
              >
                {one.sentence}
              </Link>
            </span>
            <span className="dim">
              {quorumOf(one)} · <Stamp at={one.resolved_at ?? one.requested_at} form="ago" />
              {one.resolved_by !== null && ` · by ${one.resolved_by}`}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Asked({ run, version }: Part) {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ['questions', 'run', run, version],
    queryFn: ({ signal }) => api.questions.list({ run, state: 'all', limit: MOST }, { signal }).page(),
    placeholderData: keepPreviousData,
  });
  const refresh = (): Promise<unknown> => queries.invalidateQueries({ queryKey: ['questions'] });
  return (
    <Section title="Questions" query={found} empty="Its workflow asked nobody anything.">
      <ul className={styles['list']}>
        {found.data?.data.map((one) => (
          <li key={one.id}>
            <span className={styles['line']}>
              <Mark sign={QUESTION_STATUS[one.status]} quiet />
              <strong>{one.question}</strong>
            </span>
            {one.status === 'pending' && <AnswerForm question={one} onAnswered={refresh} />}
            {one.status === 'answered' && (
              <span className="dim">
                {one.answered_by}: <code>{JSON.stringify(one.answer)}</code>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Looked({ run, version }: Part) {
  const found = useQuery({
    queryKey: [...REVIEWS_KEY, 'run', run, version],
    queryFn: ({ signal }) => api.reviews.list({ run, state: 'all' }, { signal }).page(),
    placeholderData: keepPreviousData,
  });
  return (
    <Section title="Reviews" query={found} empty="It was not drawn for people to look at.">
      <ul className={styles['list']}>
        {found.data?.data.map((one) => (
          <li key={one.id}>
            <span className={styles['line']}>
              <Mark sign={reviewSign(one)} quiet />
              <Link to="/reviews" search={{ tab: 'all', sel: one.id, view: 'peek' } as never}>
                {one.note ?? 'Look at it'}
              </Link>
            </span>
            <span className="dim">
              <Stamp at={one.decided_at ?? one.drawn_at} form="ago" />
              {one.decided_by !== null && ` · by ${one.decided_by}`}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const str = (value: unknown): string => (typeof value === 'string' ? value : '');

function Notes({ run, version, status }: Props) {
  const [text, setText] = useState('');
  const may = useMay('run.steer');
  const found = useQuery({
    queryKey: ['journal', run, version],
    queryFn: ({ signal }) => allEvents(run, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const send = useMutation({
    mutationFn: () => api.runs.note(run, { text: text.trim() }),
    onSuccess: () => {
      setText('');
      say('The agents will see it with their next turn.');
    },
  });
  const notes = found.data?.filter(({ type }) => type === 'note_received') ?? [];
  return (
    <Section
      title="Notes"
      query={{ ...found, data: { data: notes } }}
      empty="No operator has told its agents anything."
    >
      <ul className={styles['list']}>
        {notes.map((note) => (
          <li key={note.sequence}>
            <span className="dim">
              {str(note['by'])} · <Stamp at={note.time} form="ago" />
            </span>
            <p className={styles['note']}>{str(note['text'])}</p>
          </li>
        ))}
      </ul>
      {!isFinal(status) && (
        <form
          className={styles['tell']}
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== '') send.mutate();
          }}
        >
          <Textarea
            label="Tell the agents something"
            description="They see it with their next turn, as from an operator. It gives no right."
            autosize
            minRows={2}
            maxRows={8}
            maxLength={4000}
            disabled={!may}
            value={text}
            error={send.isError ? troubleOf(send.error).detail : null}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <div>
            <Button type="submit" variant="default" disabled={!may || text.trim() === ''} loading={send.isPending}>
              Send the note
            </Button>
          </div>
        </form>
      )}
    </Section>
  );
}

interface SectionProps {
  readonly title: string;
  readonly query: {
    readonly isPending: boolean;
    readonly isError: boolean;
    readonly error: unknown;
    readonly data: { readonly data: readonly unknown[] } | undefined;
    readonly refetch: () => unknown;
  };
  readonly empty: string;
  readonly children: ReactNode;
}

function Section({ title, query, empty, children }: SectionProps) {
  const { isPending, isError, data } = query;
  return (
    <section className={styles['section']}>
      <h2>{title}</h2>
      {isError && <Problem what={title} error={query.error} onRetry={() => void query.refetch()} />}
      {isPending && <Loading what={title.toLowerCase()} rows={2} />}
      {!isError && !isPending && data?.data.length === 0 && <p className="dim">{empty}</p>}
      {children}
    </section>
  );
}
