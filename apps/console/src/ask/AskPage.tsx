import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { Page } from '../list/Page';
import { useMay } from '../session/useTenant';
import { Command } from '../ui/Command';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { useAddress } from '../url/useAddress';
import { CanAnswer, WhatAnswer, WhoAnswer } from './answers';
import { ReachAnswer } from './ReachAnswer';
import styles from './Ask.module.css';
import { EXAMPLES, type Question, readQuestion } from './question';

/** Who may do what, whether somebody may, and why: asked of the policy in force. Nothing is done by asking. */
export function AskPage() {
  const { search, push } = useAddress();
  const asked = search['q'] ?? '';
  const may = useMay('decision.explain');
  return (
    <Page
      title="Ask"
      purpose="Who may do what, and why. Nothing is done by asking."
      controls={<Bar key={asked} asked={asked} onAsk={(q) => push({ q })} />}
    >
      <div className={styles['content']}>
        {asked === '' && (
          <Empty
            icon="help"
            title="Ask the policy"
            command="./writ who-can --action tool.invoke --resource tool:refund"
          >
            <p>
              {may
                ? 'The answer names the rules, the way from a name to each of them, what would allow it and who could approve.'
                : 'Your key may ask about yourself; about others it takes decision.explain.'}
            </p>
            <ul className={styles['examples']}>
              {EXAMPLES.map((example) => (
                <li key={example}>
                  <Button variant="default" size="xs" onClick={() => push({ q: example })}>
                    {example}
                  </Button>
                </li>
              ))}
            </ul>
          </Empty>
        )}
        {asked !== '' && <Answer text={asked} />}
      </div>
    </Page>
  );
}

function Bar({ asked, onAsk }: { readonly asked: string; readonly onAsk: (question: string) => void }) {
  const [text, setText] = useState(asked);
  const read = text.trim() === '' ? null : readQuestion(text);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (read !== null && typeof read !== 'string') onAsk(text.trim());
  };
  return (
    <form className={styles['bar']} onSubmit={submit}>
      <TextInput
        className={styles['grow']}
        aria-label="Question"
        placeholder={EXAMPLES[0]}
        spellCheck={false}
        value={text}
        error={typeof read === 'string' && text !== asked ? read : null}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit" disabled={read === null || typeof read === 'string'}>
        Ask
      </Button>
    </form>
  );
}

function Answer({ text }: { readonly text: string }) {
  const question = readQuestion(text);
  if (typeof question === 'string')
    return (
      <Empty icon="warn" title="That is no question">
        {question}
      </Empty>
    );
  return (
    <>
      <Put question={question} text={text} />
      <Command text={commandOf(question)} />
    </>
  );
}

function Put({ question, text }: { readonly question: Question; readonly text: string }) {
  const answer = useQuery({ queryKey: ['ask', text], queryFn: ({ signal }) => put(question, signal) });
  if (answer.isPending) return <Loading what="the answer" rows={3} />;
  if (answer.isError)
    return <Problem what="This question" error={answer.error} onRetry={() => void answer.refetch()} />;
  return answer.data;
}

async function put(question: Question, signal: AbortSignal) {
  switch (question.kind) {
    case 'who': {
      const { kind: _kind, ...act } = question;
      return <WhoAnswer rows={(await api.decisions.whoCan(act, { signal })).data} />;
    }
    case 'can': {
      const { kind: _kind, ...act } = question;
      return <CanAnswer explained={await api.decisions.can(act, { signal })} />;
    }
    case 'reach': {
      const { kind: _kind, ...asked } = question;
      return <ReachAnswer reach={await api.policies.reach(asked, { signal })} />;
    }
    case 'what':
      return <WhatAnswer rows={(await api.decisions.permissions({ subject: question.subject }, { signal })).data} />;
  }
}

/** The same asked in a terminal. */
function commandOf(question: Question): string {
  if (question.kind === 'what') {
    const { subject } = question;
    return `./writ can ${subject.startsWith('role:') ? `--role ${subject.slice(5)}` : `--for ${subject}`} --list`;
  }
  if (question.kind === 'reach') {
    const { tool, from, initiator } = question;
    const options = { tool, from, for: initiator };
    const given = Object.entries(options).map(([name, value]) => (value === undefined ? '' : ` --${name} ${value}`));
    return `./writ policy reach${given.join('')}`;
  }
  const { action, object, resource, attributes = {} } = question;
  const touches = resource ? ` --touches '${resource.type}:${resource.id}'` : '';
  const values = Object.entries(attributes).map(([name, value]) => ` --value '${name}=${value}'`);
  const act = `--action ${action} --resource ${object.type}:${object.id}${touches}${values.join('')}`;
  if (question.kind === 'who') return `./writ who-can ${act}`;
  const agents = question.chain.map((agent) => ` --agent ${agent}`).join('');
  const roles = (question.roles ?? []).map((role) => ` --role ${role}`).join('');
  return `./writ can --for ${question.initiator}${roles}${agents} ${act}`;
}
