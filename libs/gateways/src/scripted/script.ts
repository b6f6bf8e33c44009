import { type Json, ok, refuse, type Result } from '@writ/kernel';
import { z } from 'zod';

/**
 * What a scripted model says, as data. `Scripts` is a map from script id to script; a script is the conversation's
 * assistant turns in order, or several such lists told apart by a phrase of the agent's instructions, and one of what it hears.
 */
const usage = z.strictObject({
  input: z.number().int().min(0),
  output: z.number().int().min(0),
  cached: z.number().int().min(0).default(0),
});

const call = z.strictObject({
  name: z.string().min(1),
  arguments: z.record(z.string(), z.json()).default({}),
  /** Sent in place of `arguments`, as it is: for arguments that do not parse. */
  arguments_text: z.string().optional(),
});

/** Ways in which an endpoint fails. All but `status` concern the one connection only. */
const fault = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('status'),
    status: z.number().int().min(300).max(599),
    /** Seconds, as `Retry-After`. */
    retry_after: z.number().min(0).optional(),
    code: z.string().optional(),
    message: z.string().optional(),
  }),
  /** Nothing is answered, ever. */
  z.strictObject({ type: z.literal('hang') }),
  /** The connection is reset before any answer. */
  z.strictObject({ type: z.literal('reset') }),
  /** The answer stops in the middle, streamed or not. */
  z.strictObject({ type: z.literal('half') }),
  /** Status 200 and no body. */
  z.strictObject({ type: z.literal('empty') }),
  /** Status 200 and a body that is not JSON. */
  z.strictObject({ type: z.literal('garbage') }),
  /** Status 200 and JSON without a reply in it. */
  z.strictObject({ type: z.literal('no_choices') }),
  /** A reply whose text holds a NUL character. */
  z.strictObject({ type: z.literal('nul') }),
  /** A reply of this many bytes. */
  z.strictObject({ type: z.literal('oversized'), bytes: z.number().int().min(1).max(1_000_000_000) }),
]);

const turn = z.strictObject({
  text: z.string().nullable().default(null),
  calls: z.array(call).max(128).default([]),
  finish: z.enum(['stop', 'tool_calls', 'length', 'content_filter']).optional(),
  usage: usage.optional(),
  /** Milliseconds before the answer. */
  delay_ms: z.number().int().min(0).max(600_000).default(0),
  /** Milliseconds between the pieces of a streamed answer. */
  piece_ms: z.number().int().min(0).max(60_000).default(0),
  /** What goes wrong first: attempt n of this turn meets the nth fault, attempts beyond the list meet the reply. */
  faults: z.array(fault).default([]),
});

const script = z.strictObject({
  turns: z.array(turn).default([]),
  /**
   * Lists of their own for requests whose system message holds `instructions` and, where it is given, whose first user
   * message holds `hears`; the first that fits is played.
   */
  agents: z
    .array(
      z.strictObject({ instructions: z.string().min(1), hears: z.string().min(1).optional(), turns: z.array(turn) }),
    )
    .default([]),
  /** What is said once the turns are over. */
  final: z.string().default('Done.'),
});

const id = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'a script id: letters, digits, _ . : -, at most 128');
const scripts = z.record(id, script);

export type ScriptInput = z.input<typeof script>;
export type Script = z.output<typeof script>;
export type Turn = z.output<typeof turn>;
export type Fault = z.output<typeof fault>;

export function parseScripts(value: unknown): Result<Record<string, Script>> {
  const parsed = scripts.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  const where = `/${(issue?.path ?? []).map(String).join('/')}`;
  return refuse({
    code: 'script_invalid',
    class: 'permanent',
    message: `the scripts cannot be read at ${where}: ${issue?.message ?? 'not an object of scripts'}`,
  });
}

/** The part of a chat-completions request that a script is chosen and played by. */
const Request = z.looseObject({
  model: z.string().default('scripted'),
  stream: z.boolean().default(false),
  stream_options: z.looseObject({ include_usage: z.boolean().default(false) }).optional(),
  user: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })).min(1),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).default([]),
});
export type PlayedRequest = z.output<typeof Request>;

export function parseRequest(text: string): PlayedRequest | null {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  return Request.safeParse(value).data ?? null;
}
