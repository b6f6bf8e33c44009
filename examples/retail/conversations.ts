import type { Definition } from '@writ/registry';
import type { Dataset, LabelledCall, RecordedStep } from './dataset';
import { type Turn, turnsOf, type WantedCall } from './script';

/** One governed run to be: whom it is for, and what the model will ask for, turn by turn. */
export interface Conversation<C extends WantedCall = WantedCall> {
  /** The customer's first words; the scripted model knows its part by them. */
  readonly opening: string;
  readonly task: string;
  /** The signed-in customer; null for somebody who is not. */
  readonly user: string | null;
  readonly calls: readonly C[];
  readonly turns: readonly Turn[];
}

/** The task's recorded calls, in order. */
export function taskConversations(dataset: Dataset, definitions: readonly Definition[]): Conversation<RecordedStep>[] {
  return [...dataset.tasks].map(([task, { steps }]) => ({
    opening: `script:task-${task}`,
    task,
    user: dataset.ownership.get(task)?.authenticated_user ?? null,
    calls: steps,
    turns: turnsOf(steps, definitions),
  }));
}

/** The calls a task's labels speak of, those to be refused included; tasks without any are left out. */
export function ownershipConversations(
  dataset: Dataset,
  definitions: readonly Definition[],
): Conversation<LabelledCall>[] {
  return [...dataset.ownership].flatMap(([task, { authenticated_user: user, calls }]) =>
    calls.length === 0
      ? []
      : [{ opening: `script:ownership-${task}`, task, user, calls, turns: turnsOf(calls, definitions) }],
  );
}
