import { isDeepStrictEqual } from 'node:util';
import type { Json } from '@writ/kernel';
import type { RecordedStep, RecordedTask } from './dataset';

/** What a tool answered: text, or a value somebody has read from it already; and whether it said it was an error. */
export interface ToolAnswer {
  readonly value: Json;
  readonly isError: boolean;
}

/**
 * Whether an answer is the recorded result. A record travels as JSON text. A text that reads as JSON may have been read
 * on the way (`8276.23` is then a number): it is the same answer when it is written the same.
 */
function isSame(answer: Json, recorded: Json): boolean {
  if (isDeepStrictEqual(answer, recorded)) return true;
  if (typeof recorded === 'string') {
    return (
      typeof answer !== 'string' && (JSON.stringify(answer) === recorded || isDeepStrictEqual(answer, read(recorded)))
    );
  }
  return typeof answer === 'string' && isDeepStrictEqual(read(answer), recorded);
}

function read(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
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
  if (!answer.isError && isSame(answer.value, step.result)) return null;
  return `${step.name}: expected ${shown(step.result)}, got ${answer.isError ? 'the error ' : ''}${shown(answer.value)}`;
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
