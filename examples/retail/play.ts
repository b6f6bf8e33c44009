import type { Failure, RunId } from '@writ/kernel';
import { isFinal, type RunStatus } from '@writ/words';
import type { Conversation } from './conversations';
import { answerLostCalls } from './reconcile';
import type { Stack } from './stack';

/** A conversation that has run to its end. */
export interface Played<C extends Conversation> {
  readonly conversation: C;
  readonly run: RunId;
  readonly status: RunStatus;
}

export interface PlayOptions {
  /** Tells the starts of one pass from those of another. */
  readonly pass: string;
  /** Conversations at once. */
  readonly parallel: number;
  /** How long one conversation may take before it is given up as stuck. */
  readonly patienceMs: number;
  /** Told after each end, with how many have ended; what it returns is waited for before others begin. */
  readonly onEnd?: (ended: number) => Promise<void> | void;
}

const POLL_MS = 50;
const ANONYMOUS = 'user:anonymous';

/**
 * Starts a governed run for each conversation and waits for their ends. Conversations of one customer follow one
 * another, since they change the same records; those of different customers run beside each other. `settle` is called
 * after each end, before the next conversation of that customer begins.
 */
export async function playAll<C extends Conversation>(
  stack: Stack,
  conversations: readonly C[],
  options: PlayOptions & { readonly settle: (played: Played<C>) => Promise<void> },
): Promise<void> {
  for (const { scripts } of conversations) stack.model.play(scripts);
  const waiting = [...conversations];
  const busy = new Set<string | null>();
  let ended = 0;
  const lane = async (): Promise<void> => {
    while (waiting.length > 0) {
      const at = waiting.findIndex((one) => one.user === null || !busy.has(one.user));
      if (at === -1) {
        await pause(POLL_MS);
        continue;
      }
      const [conversation] = waiting.splice(at, 1);
      if (!conversation) continue;
      busy.add(conversation.user);
      const played = await play(stack, conversation, options);
      await options.settle(played);
      busy.delete(conversation.user);
      ended += 1;
      await options.onEnd?.(ended);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, conversations.length) }, lane));
}

async function play<C extends Conversation>(
  stack: Stack,
  conversation: C,
  { pass, patienceMs }: PlayOptions,
): Promise<Played<C>> {
  const { tenant, storefront, engine } = stack;
  const started = await engine.commands.start({
    tenant,
    caller: storefront,
    onBehalfOf: { id: conversation.user === null ? ANONYMOUS : `user:${conversation.user}`, roles: ['customer'] },
    workflow: conversation.workflow,
    input: { message: conversation.opening },
    idempotencyKey: `${pass}:${conversation.opening}`,
  });
  if (!started.ok) throw new Error(`${conversation.opening} was not started: ${inWords(started.failure)}`);
  const { run } = started.value;
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await stack.outsider.query<{ status: RunStatus }>('select status from writ.run where id = $1', [
      run,
    ]);
    const status = rows[0]?.status ?? 'queued';
    if (isFinal(status)) return { conversation, run, status };
    if (status === 'waiting_reconciliation') await answerLostCalls(stack, run);
    if (Date.now() > giveUp)
      throw new Error(`${conversation.opening} (${run}) is still ${status} after ${patienceMs} ms`);
    await pause(POLL_MS);
  }
}

const inWords = (failure: Failure): string => `${failure.code}: ${failure.message}`;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
