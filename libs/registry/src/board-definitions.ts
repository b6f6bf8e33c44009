import { z } from 'zod';
import { jsonSchema, label, name } from './name';

const agents = z.array(name).max(64).default([]);

/** Characters of a value on the blackboard, as canonical JSON: it stands in the journal with each write. */
const MOST_VALUE_CHARS = 16_000;

/**
 * What agents of one run share by name. A value has a version, and whoever writes says which version it has seen: of two
 * that saw the same, the second is told of the conflict. Who is offered a key stands here; who may use it, the policy says
 * each time.
 */
const BlackboardKey = z.strictObject({
  /** What a value must be. */
  schema: jsonSchema.default({}),
  initial: z.json().optional(),
  readers: agents,
  writers: agents,
  /** Labels that every value of the key carries, beside those of what its writer had read. */
  labels: z.array(label).max(16).default([]),
  max_chars: z.number().int().min(1).max(MOST_VALUE_CHARS).default(8_000),
});

/** Where messages to one agent of a run wait, in order, until it reads them. */
const Mailbox = z.strictObject({
  /** Agents that are offered to write to it. */
  from: z.array(name).min(1).max(64),
  /** Messages that wait at most; one more is refused. */
  capacity: z.number().int().min(1).max(1_000).default(100),
});

export const Blackboard = z.record(name, BlackboardKey);
export const Mailboxes = z.record(name, Mailbox);

export type BlackboardKey = z.infer<typeof BlackboardKey>;
export type Mailbox = z.infer<typeof Mailbox>;
