import { isDeepStrictEqual } from 'node:util';
import type { Json } from '@writ/kernel';
import type { RecordedStep, RecordedTask } from './dataset';

/** What a tool answered: text, or a value somebody has read from it already; and whether it said it was an error. */
export interface ToolAnswer {
  readonly value: Json;
  readonly isError: boolean;
}

/** A recorded result is text as it stands, or a record, which travels as JSON text. */
function valueOf(answer: Json, like: Json): Json {
  if (typeof like === 'string' || typeof answer !== 'string') return answer;
  try {
    return JSON.parse(answer) as Json;
  } catch {
    return answer;
  }
}

const shown = (value: Json): string => {
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};

/** How an answer differs from the recording, as one sentence; null when it does not. */
export function answerDifference(step: RecordedStep, answer: ToolAnswer): string | null {
  if (step.error !== null) {
    return answer.isError && answer.value === step.error
      ? null
      : `${step.name}: expected the error ${shown(step.error)}, got ${shown(answer.value)}`;
  }
  const value = valueOf(answer.value, step.result);
  if (!answer.isError && isDeepStrictEqual(value, step.result)) return null;
  return `${step.name}: expected ${shown(step.result)}, got ${answer.isError ? 'the error ' : ''}${shown(value)}`;
}

/** How the shop's changed records differ from the recording. */
export function changeDifferences(task: RecordedTask, changes: { readonly [record: string]: Json }): string[] {
  const records = new Set([...Object.keys(task.db_changes), ...Object.keys(changes)]);
  return [...records].sort().flatMap((record) => {
    const expected = task.db_changes[record];
    const actual = changes[record];
    if (isDeepStrictEqual(expected, actual)) return [];
    return [`${record}: expected ${shown(expected ?? 'no change')}, got ${shown(actual ?? 'no change')}`];
  });
}
