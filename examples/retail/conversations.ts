import type { Definition } from '@writ/registry';
import type { Dataset, LabelledCall, RecordedStep } from './dataset';
import { type Shape, type ScriptsByName, scriptsOf } from './script-of';
import type { WantedCall } from './script';

/** One governed run to be: whom it is for, and what the model will ask for, turn by turn. */
export interface Conversation<C extends WantedCall = WantedCall> {
  /** The customer's first words; the scripted model knows its part by them. */
  readonly opening: string;
  readonly task: string;
  /** The signed-in customer; null for somebody who is not. */
  readonly user: string | null;
  readonly calls: readonly C[];
  /** The workflow that holds it, and what its model says. */
  readonly workflow: string;
  readonly scripts: ScriptsByName;
}

/** How the agents of a conversation work together: they hand the customer to one another, or one assigns to the others. */
export type { Shape };

/** The task's recorded calls, in order. */
export function taskConversations(
  dataset: Dataset,
  definitions: readonly Definition[],
  shape: Shape = 'swarm',
): Conversation<RecordedStep>[] {
  return [...dataset.tasks].map(([task, { steps }]) => ({
    task,
    user: dataset.ownership.get(task)?.authenticated_user ?? null,
    calls: steps,
    ...scriptsOf({ name: `task-${task}`, calls: steps, definitions, shape }),
  }));
}

/** The calls a task's labels speak of, those to be refused included; tasks without any are left out. */
export function ownershipConversations(
  dataset: Dataset,
  definitions: readonly Definition[],
  shape: Shape = 'swarm',
): Conversation<LabelledCall>[] {
  return [...dataset.ownership].flatMap(([task, { authenticated_user: user, calls }]) =>
    calls.length === 0
      ? []
      : [
          {
            task,
            user,
            calls,
            ...scriptsOf({ name: `ownership-${task}`, calls, definitions, shape }),
          },
        ],
  );
}
