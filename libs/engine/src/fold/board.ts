import type { Json } from '@writ/kernel';
import { joinedLabels, type Message, messageId } from '../board/board';
import type { StepIntended } from '../events';
import type { RunState } from '../state';

/** A read, a write or a message of the agents' own is done: what they share changes, as the result on record says. */
export function share(
  state: RunState,
  intent: StepIntended,
  done: { readonly result: Json; readonly at: number },
): void {
  const { kind, path, target, args = {}, step, agent } = intent;
  const result = done.result as { readonly [name: string]: Json };
  const labels = args['labels'] as readonly string[] | undefined;
  if (kind === 'board' && args['op'] === 'write') {
    const version = Number(result['version']);
    const entry = { version, value: args['value'] ?? null, labels: labels ?? [], by: agent, at: done.at };
    state.board.entries.set(target, entry);
  } else if (kind === 'board') {
    see(state, path, result['labels'] as readonly string[]);
  } else if (args['op'] === 'send') {
    const replyTo = args['reply_to'];
    const message: Message = {
      id: messageId(step),
      from: agent ?? '',
      body: String(args['body']),
      ...(typeof replyTo === 'string' && { reply_to: replyTo }),
      labels: labels ?? [],
      at: done.at,
    };
    state.board.mail.set(target, [...(state.board.mail.get(target) ?? []), message]);
  } else {
    const messages = result['messages'] as unknown as readonly Message[];
    const read = new Set(messages.map(({ id }) => id));
    state.board.mail.set(
      target,
      (state.board.mail.get(target) ?? []).filter(({ id }) => !read.has(id)),
    );
    for (const message of messages) see(state, path, message.labels);
  }
}

/** A conversation has read what carries labels: what it writes from now on carries them too. */
export function see(state: RunState, path: string, labels: Iterable<string>): void {
  const all = joinedLabels(state.board.seen.get(path), labels);
  if (all.length > 0) state.board.seen.set(path, new Set(all));
}
