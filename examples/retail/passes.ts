import type { RunEvent } from '@writ/engine';
import { checkRun } from '../../test/support/check-run';
import { type Conversation, ownershipConversations, type Shape, taskConversations } from './conversations';
import type { Dataset } from './dataset';
import { judgeOwnership, judgeTask, type Seen } from './judge';
import { outcomesOf } from './outcomes';
import { type Played, playAll, type PlayOptions } from './play';
import type { Stack } from './stack';

/** What one pass over the data set found. `differences` is empty when everything was as recorded or labelled. */
export interface PassReport {
  readonly pass: string;
  readonly runs: number;
  /** Calls decided; of these refused. */
  readonly calls: number;
  readonly denied: number;
  /** Decisions that are as labelled, or answers as recorded. */
  readonly correct: number;
  /** Runs another worker took over, and calls the shop was asked more than once. */
  readonly takenOver: number;
  readonly repeated: number;
  readonly seconds: number;
  readonly differences: readonly string[];
  /** Task → its calls, decisions and answers, to compare passes by. */
  readonly outcomes: ReadonlyMap<string, string>;
}

type Options = Omit<PlayOptions, 'pass'> & {
  readonly pass: string;
  readonly only?: ReadonlySet<string>;
  /** How the agents work together; a swarm unless said otherwise. */
  readonly shape?: Shape;
};

class Tally {
  readonly #begun = Date.now();
  runs = 0;
  calls = 0;
  denied = 0;
  correct = 0;
  takenOver = 0;
  repeated = 0;
  readonly differences: string[] = [];
  readonly outcomes = new Map<string, string>();

  add(played: Played<Conversation>, seen: Seen): void {
    const { calls } = outcomesOf(seen.events);
    this.runs += 1;
    this.calls += calls.length;
    this.denied += calls.filter((call) => call.verdict === 'deny').length;
    if (seen.events.some((event) => event.type === 'run_resumed')) this.takenOver += 1;
    this.repeated += seen.logged.filter((call) => call.asked > 1).length;
    const shown = calls.map(({ tool, args, verdict, answer }) => [tool, args, verdict, answer]);
    this.outcomes.set(played.conversation.task, JSON.stringify(shown));
  }

  report(pass: string): PassReport {
    const { runs, calls, denied, correct, takenOver, repeated, differences, outcomes } = this;
    const seconds = (Date.now() - this.#begun) / 1000;
    return { pass, runs, calls, denied, correct, takenOver, repeated, seconds, differences, outcomes };
  }
}

/** Every task's recorded calls as one governed run each; answers and changed records compared with the recording. */
export async function taskPass(stack: Stack, dataset: Dataset, options: Options): Promise<PassReport> {
  const tally = new Tally();
  const all = taskConversations(dataset, stack.definitions, options.shape);
  const conversations = all.filter((one) => wanted(one, options));
  await playAll(stack, conversations, {
    ...options,
    settle: async (played) => {
      const { conversation } = played;
      const recorded = dataset.tasks.get(conversation.task);
      if (!recorded) throw new Error(`task ${conversation.task} has no recording`);
      const { seen, faults } = await look(stack, played);
      tally.add(played, seen);
      const found = [...faults, ...judgeTask(conversation, recorded, seen)];
      if (found.length === 0) tally.correct += conversation.calls.length;
      tally.differences.push(...found.map((difference) => `${conversation.opening}: ${difference}`));
    },
  });
  tally.differences.push(...(await strayChanges(stack)));
  return tally.report(options.pass);
}

/** Every labelled call as a governed one: it must be allowed or denied as labelled, and a denied one reach no tool. */
export async function ownershipPass(stack: Stack, dataset: Dataset, options: Options): Promise<PassReport> {
  const tally = new Tally();
  const all = ownershipConversations(dataset, stack.definitions, options.shape);
  const conversations = all.filter((one) => wanted(one, options));
  await playAll(stack, conversations, {
    ...options,
    settle: async (played) => {
      const { conversation } = played;
      const { seen, faults } = await look(stack, played);
      tally.add(played, seen);
      const verdict = judgeOwnership(conversation, seen);
      tally.correct += verdict.correct;
      const found = [...faults, ...verdict.differences];
      tally.differences.push(...found.map((difference) => `${conversation.opening}: ${difference}`));
    },
  });
  tally.differences.push(...(await strayChanges(stack)));
  return tally.report(options.pass);
}

const wanted = (one: { readonly task: string }, { only }: Options): boolean => only === undefined || only.has(one.task);

/** The finished run, checked whole, and what it did to the shop; its customer's records are then put back. */
async function look(
  stack: Stack,
  { conversation, run, status }: Played<Conversation>,
): Promise<{ readonly seen: Seen; readonly faults: string[] }> {
  const { state, outsider } = stack;
  const faults: string[] = [];
  let events: readonly RunEvent[] = [];
  try {
    const checked = await checkRun(outsider, run);
    events = checked.events;
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  if (status !== 'succeeded') faults.push(`the run ended as ${status}`);
  const records = conversation.user === null ? [] : await state.recordsOf(conversation.user);
  const seen = { events, logged: await state.calls(run), changes: await state.changes(records) };
  await state.reset(records);
  return { seen, faults };
}

/** After a pass everything that a task may change has been put back: what still differs, nobody should have touched. */
async function strayChanges(stack: Stack): Promise<string[]> {
  return Object.keys(await stack.state.changes()).map((record) => `${record} was changed, and by no task`);
}

/** Tasks whose calls, decisions or answers differ between two passes. */
export function differingTasks(one: PassReport, other: PassReport): string[] {
  const tasks = new Set([...one.outcomes.keys(), ...other.outcomes.keys()]);
  return [...tasks].filter((task) => one.outcomes.get(task) !== other.outcomes.get(task));
}
