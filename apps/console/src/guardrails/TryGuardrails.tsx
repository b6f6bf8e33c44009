import { Button, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../api/client';
import { Problem } from '../ui/Problem';
import styles from './Guardrails.module.css';
import { saidWords, verdictWords } from './words';

type Boundary = 'input' | 'output';

/** What the guardrails in force would say of a text. It is kept nowhere, not even in the address of the page. */
export function TryGuardrails() {
  const [text, setText] = useState('');
  const [boundary, setBoundary] = useState<Boundary>('output');
  const [tool, setTool] = useState('');
  const asked = useMutation({
    mutationFn: () =>
      api.guardrails.tryOut({
        boundary,
        content: text,
        ...(boundary === 'output' && tool.trim() !== '' && { tool: tool.trim() }),
      }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text !== '') asked.mutate();
  };
  return (
    <section aria-label="Try it out">
      <h2>Try it out</h2>
      <form className={styles['form']} onSubmit={submit}>
        <Textarea
          label="Content"
          autosize
          minRows={3}
          maxRows={10}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Boundary"
          data={[
            { value: 'input', label: 'An agent hears it' },
            { value: 'output', label: 'It leaves' },
          ]}
          value={boundary}
          onChange={(value) => setBoundary(value === 'input' ? 'input' : 'output')}
        />
        {boundary === 'output' && (
          <TextInput
            label="Tool it goes to (none: the answer of a run)"
            spellCheck={false}
            value={tool}
            onChange={(event) => setTool(event.currentTarget.value)}
          />
        )}
        <div>
          <Button type="submit" disabled={text === ''} loading={asked.isPending}>
            What would be said?
          </Button>
        </div>
      </form>
      {asked.isError && <Problem what="This question" error={asked.error} onRetry={() => asked.mutate()} />}
      {asked.data && (
        <div role="status" className={styles['answer']}>
          <strong>{verdictWords(asked.data.verdict)}</strong>
          <ul className={styles['list']}>
            {asked.data.checks.map((one) => (
              <li key={one.guardrail}>{saidWords(one)}</li>
            ))}
          </ul>
          {asked.data.checks.some(({ outcome }) => outcome === 'redacted') && (
            <pre className={styles['text']}>{String(asked.data.content)}</pre>
          )}
        </div>
      )}
    </section>
  );
}
