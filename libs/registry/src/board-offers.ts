import type { JsonObject } from '@writ/kernel';
import type { WorkflowDefinition } from './definitions';
import type { OfferedTool } from './offered-tool';

/** What an agent is offered where its workflow has a blackboard it may read or write, and mailboxes. */
const BOARD_READ = 'board_read';
const BOARD_WRITE = 'board_write';
const SEND_MESSAGE = 'send_message';
const READ_MESSAGES = 'read_messages';
export const BOARD_FUNCTIONS: ReadonlySet<string> = new Set([BOARD_READ, BOARD_WRITE, SEND_MESSAGE, READ_MESSAGES]);

/** Characters of a message between agents. */
const MOST_MESSAGE_CHARS = 4_000;
/** Seconds that reading may wait for the first message. */
const LONGEST_WAIT_S = 3_600;

type Workflow = Pick<WorkflowDefinition, 'blackboard' | 'mailboxes'>;

const known = new WeakMap<Workflow, Map<string, readonly OfferedTool[]>>();

/**
 * The functions by which one agent shares with the others of its run. None where the workflow declares nothing for it.
 * The same objects for the same workflow each time.
 */
export function boardOffers(agent: string, workflow: Workflow): readonly OfferedTool[] {
  const ofWorkflow = known.get(workflow) ?? new Map<string, readonly OfferedTool[]>();
  known.set(workflow, ofWorkflow);
  const offers = ofWorkflow.get(agent) ?? makeOffers(agent, workflow);
  ofWorkflow.set(agent, offers);
  return offers;
}

function makeOffers(agent: string, { blackboard = {}, mailboxes = {} }: Workflow): readonly OfferedTool[] {
  const named = (listed: (key: string) => readonly string[]): string[] =>
    Object.keys(blackboard).filter((key) => listed(key).includes(agent));
  const reads = named((key) => blackboard[key]!.readers);
  const writes = named((key) => blackboard[key]!.writers);
  const to = Object.keys(mailboxes).filter((owner) => owner !== agent && mailboxes[owner]!.from.includes(agent));
  const offers: OfferedTool[] = [];
  if (reads.length > 0) offers.push(boardRead(reads));
  if (writes.length > 0) offers.push(boardWrite(writes));
  if (to.length > 0) offers.push(sendMessage(to));
  if (Object.hasOwn(mailboxes, agent)) offers.push(READ);
  return offers;
}

const object = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  required: [...required],
  additionalProperties: false,
});

const boardRead = (keys: readonly string[]): OfferedTool => ({
  name: BOARD_READ,
  description:
    'Read a value that the agents of this run share. Answers {key, version, value, labels}; version 0 is unwritten.',
  parameters: object({ key: { type: 'string', enum: [...keys] } }, ['key']),
  means: { type: 'board', op: 'read' },
});

const boardWrite = (keys: readonly string[]): OfferedTool => ({
  name: BOARD_WRITE,
  description:
    'Write a shared value, if it still has the version you have seen (0 for unwritten). On a conflict read it again and decide anew.',
  parameters: object({ key: { type: 'string', enum: [...keys] }, value: {}, expect: { type: 'integer', minimum: 0 } }, [
    'key',
    'value',
    'expect',
  ]),
  means: { type: 'board', op: 'write' },
});

const sendMessage = (to: readonly string[]): OfferedTool => ({
  name: SEND_MESSAGE,
  description:
    'Leave a message for another agent of this run. It reads it when it looks; nothing comes back by itself.',
  parameters: object(
    {
      to: { type: 'string', enum: [...to] },
      body: { type: 'string', minLength: 1, maxLength: MOST_MESSAGE_CHARS },
      reply_to: { type: 'string', maxLength: 32, description: 'Id of the message this answers.' },
    },
    ['to', 'body'],
  ),
  means: { type: 'message', op: 'send' },
});

const READ: OfferedTool = {
  name: READ_MESSAGES,
  description:
    'Take the messages that wait for you, oldest first; with wait_seconds, wait for the first one that long.',
  parameters: object({ wait_seconds: { type: 'integer', minimum: 0, maximum: LONGEST_WAIT_S } }, []),
  means: { type: 'message', op: 'read' },
};
