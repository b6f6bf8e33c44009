import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import type { Json, JsonObject } from '@writ/kernel';
import { type FormEvent, useMemo, useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import styles from '../list/Inbox.module.css';
import { useMay } from '../session/useTenant';
import { say } from '../ui/toasts';
import { answerOf, type Field, fieldsOf, type Filled, optionText } from './fields';

export type Question = ItemOf<'listQuestions'>;

interface Props {
  readonly question: Question;
  readonly onAnswered: () => Promise<unknown>;
}

/** Asks for the answer field by field where the schema is plain, as JSON where it is not. The server checks it either way. */
export function AnswerForm({ question, onAnswered }: Props) {
  const fields = useMemo(() => fieldsOf(question.schema as JsonObject), [question.schema]);
  const [filled, setFilled] = useState<Filled>({});
  const [json, setJson] = useState('');
  const may = useMay('run.answer');
  const answer = fields ? answerOf(fields, filled) : parsed(json);
  const send = useMutation({
    mutationFn: (given: Json) => api.questions.answer(question.id, { answer: given }),
    onSuccess: ({ accepted }) => {
      say(accepted ? 'Answered. The run goes on with it' : 'That had been said before');
      return onAnswered();
    },
  });
  const off = !may || !question.may_answer;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (answer !== null && !off) send.mutate(answer.answer);
  };
  return (
    <form className={styles['form']} onSubmit={submit} aria-label="Answer">
      {fields ? (
        fields.map((field) => (
          <Asked
            key={field.label}
            field={field}
            value={filled[field.label] ?? ''}
            disabled={off}
            onChange={(value) => setFilled((before) => ({ ...before, [field.label]: value }))}
          />
        ))
      ) : (
        <Textarea
          label="Answer"
          description="As JSON that fits the schema."
          classNames={{ input: styles['json'] ?? '' }}
          autosize
          minRows={4}
          maxRows={16}
          spellCheck={false}
          disabled={off}
          value={json}
          error={json.trim() !== '' && answer === null ? 'This is no JSON' : null}
          onChange={(event) => setJson(event.currentTarget.value)}
        />
      )}
      {send.isError && (
        <p className={styles['fault']} role="alert">
          {troubleOf(send.error).title}: {troubleOf(send.error).detail}
        </p>
      )}
      {off && (
        <p className="dim">
          {may
            ? `It is asked of ${question.role ?? 'somebody else'}, and you do not hold that role.`
            : 'Your key may not answer (run.answer).'}
        </p>
      )}
      <div>
        <Button type="submit" disabled={off || answer === null} loading={send.isPending}>
          Answer
        </Button>
      </div>
    </form>
  );
}

interface AskedProps {
  readonly field: Field;
  readonly value: string;
  readonly disabled: boolean;
  readonly onChange: (value: string) => void;
}

const YES_NO = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

function Asked({ field, value, disabled, onChange }: AskedProps) {
  const { label, hint, kind, required, options } = field;
  const common = { label, disabled, required, ...(hint !== null && { description: hint }) };
  switch (kind) {
    case 'choice':
    case 'boolean': {
      const values =
        kind === 'boolean'
          ? YES_NO
          : options.map((option) => ({ value: optionText(option), label: optionText(option) }));
      return (
        <NativeSelect
          {...common}
          data={[{ value: '', label: required ? 'Choose…' : 'Not said' }, ...values]}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
    }
    default:
      return (
        <TextInput
          {...common}
          inputMode={kind === 'integer' ? 'numeric' : kind === 'number' ? 'decimal' : 'text'}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}

function parsed(text: string): { readonly answer: Json } | null {
  try {
    return { answer: JSON.parse(text) as Json };
  } catch {
    return null;
  }
}
