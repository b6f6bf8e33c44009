import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ResponseOf } from '@writ/contract';
import type { Json } from '@writ/kernel';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { Page } from '../list/Page';
import { KIND } from '../run/words';
import { count, plural } from '../time/format';
import { Empty } from '../ui/Empty';
import { Icon } from '../ui/icons';
import { JsonView } from '../ui/JsonView';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { RUN_STATUS, type Sign } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import styles from './Compare.module.css';

type Diff = ResponseOf<'diffRuns'>;
type Step = Diff['steps'][number];
type Side = NonNullable<Step['a']>;

/** Two runs side by side: what they have in common, and where they part. */
export function ComparePage() {
  const { search, push } = useAddress();
  const { a = '', b = '', only } = search;
  const found = useQuery({
    queryKey: ['compare', a, b],
    queryFn: ({ signal }) => api.runs.diff({ a, b }, { signal }),
    enabled: a !== '' && b !== '',
    retry: false,
  });
  return (
    <Page
      title="Compare"
      purpose="Two runs, step by step: what they did alike, and where they part."
      controls={<Which key={`${a} ${b}`} a={a} b={b} onChoose={(next) => push(next)} />}
    >
      {(a === '' || b === '') && (
        <Empty icon="columns" title="Which two?" command="./writ runs diff run_… run_…">
          <p>Paste the ids of two runs. A fork and the run it came from are compared from the fork’s own page.</p>
        </Empty>
      )}
      {found.isError && <Problem what="The comparison" error={found.error} onRetry={() => void found.refetch()} />}
      {found.isLoading && <Loading what="the comparison" rows={8} />}
      {found.data && (
        <Found diff={found.data} only={only === '1'} onOnly={(on) => push({ only: on ? '1' : undefined })} />
      )}
    </Page>
  );
}

interface WhichProps {
  readonly a: string;
  readonly b: string;
  readonly onChoose: (runs: { a: string; b: string }) => void;
}

function Which({ a, b, onChoose }: WhichProps) {
  const [left, setLeft] = useState(a);
  const [right, setRight] = useState(b);
  const ready = /^run_\w{26}$/.test(left.trim()) && /^run_\w{26}$/.test(right.trim());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (ready) onChoose({ a: left.trim(), b: right.trim() });
  };
  const box = (label: string, value: string, set: (text: string) => void) => (
    <TextInput
      aria-label={label}
      placeholder="run_…"
      size="xs"
      spellCheck={false}
      value={value}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
  return (
    <form className={styles['which']} onSubmit={submit}>
      {box('One run', left, setLeft)}
      {box('The other run', right, setRight)}
      <Button type="submit" size="xs" disabled={!ready}>
        Compare
      </Button>
      <Button
        type="button"
        size="xs"
        variant="default"
        disabled={!ready}
        onClick={() => onChoose({ a: right, b: left })}
      >
        Swap
      </Button>
    </form>
  );
}

interface FoundProps {
  readonly diff: Diff;
  readonly only: boolean;
  readonly onOnly: (on: boolean) => void;
}

function Found({ diff, only, onOnly }: FoundProps) {
  const { a, b, steps, first_difference: first, definitions } = diff;
  const differing = steps.filter((step) => differs(step)).length;
  const shown = steps.map((step, index) => ({ step, index })).filter(({ step }) => !only || differs(step));
  return (
    <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Comparison">
      <p className={styles['summary']}>
        {differing === 0
          ? `All ${plural(steps.length, 'step')} are the same.`
          : `${count(differing)} of ${plural(steps.length, 'step')} differ, the first is step ${count((first ?? 0) + 1)} of the list.`}{' '}
        {diff.same_input ? 'The input is the same.' : 'The inputs differ.'}{' '}
        {diff.same_output ? 'So is the output.' : 'The outputs differ.'}
      </p>
      {definitions.length > 0 && (
        <p className="dim">
          Pinned to other versions of {definitions.map(({ kind, name }) => `${kind} ${name}`).join(', ')}.
        </p>
      )}
      <label className={styles['only']}>
        <input type="checkbox" checked={only} onChange={(event) => onOnly(event.currentTarget.checked)} /> Only what
        differs
      </label>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">
              <RunHead run={a} />
            </th>
            <th scope="col">
              <RunHead run={b} />
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ step, index }) => (
            <tr key={index} data-differs={differs(step) || undefined} data-first={index === first || undefined}>
              <th scope="row">
                <span className={styles['what']}>
                  <Icon name={KIND[step.kind].icon} size={13} />
                  <span>{step.target}</span>
                </span>
                {step.path !== '' && <code className="dim">{step.path}</code>}
                {step.differs.length > 0 && <span className={styles['differs']}>{step.differs.join(', ')} differ</span>}
              </th>
              <td>
                <SideCell run={a.id} side={step.a} />
              </td>
              <td>
                <SideCell run={b.id} side={step.b} />
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">Output</th>
            <td>
              <JsonView value={a.output as Json} label={`Output of ${a.id}`} />
            </td>
            <td>
              <JsonView value={b.output as Json} label={`Output of ${b.id}`} />
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

const differs = ({ a, b, differs: parts }: Step): boolean => parts.length > 0 || a === null || b === null;

function RunHead({ run }: { readonly run: Diff['a'] }) {
  return (
    <span className={styles['run']}>
      <Link to="/runs/$run" params={{ run: run.id }}>
        …{run.id.slice(-6)}
      </Link>{' '}
      {run.workflow} <Mark sign={RUN_STATUS[run.status]} quiet />
      {run.fork && (
        <span className="dim">
          {' '}
          forked at event {count(run.fork.at)}, effects {run.fork.effects}
        </span>
      )}
    </span>
  );
}

const OUTCOME: { readonly [O in Side['outcome']]: Sign } = {
  ok: { tone: 'good', icon: 'check', word: 'Done' },
  error: { tone: 'bad', icon: 'cross', word: 'Failed' },
  denied: { tone: 'bad', icon: 'deny', word: 'Denied' },
  asked: { tone: 'wait', icon: 'hand', word: 'Asked' },
  open: { tone: 'busy', icon: 'play', word: 'Open' },
};

function SideCell({ run, side }: { readonly run: string; readonly side: Side | null }) {
  if (side === null) return <span className="dim">no such step</span>;
  return (
    <span className={styles['side']}>
      <Link to="/runs/$run" params={{ run }} search={{ step: `s${side.step}`, view: 'step' } as never}>
        #{side.step}
      </Link>{' '}
      <Mark sign={OUTCOME[side.outcome]} quiet />
      {side.outcome !== 'ok' && <code>{side.reason}</code>}
      {side.inherited && <span className="dim">taken over</span>}
      {side.stubbed && <span className="dim">stubbed</span>}
    </span>
  );
}
