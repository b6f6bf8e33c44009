import { z } from 'zod';

/** Where content passes: into an agent, and out of a run. */
const BOUNDARIES = ['input', 'output'] as const;
export type Boundary = (typeof BOUNDARIES)[number];

/** What the built-in detectors know. */
export const DETECTORS = ['credential', 'payment_card', 'iban', 'email', 'phone'] as const;
export type Detector = (typeof DETECTORS)[number];

const id = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'an id: lower-case letters, digits, _ . -');
const name = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'a name: lower-case letters, digits, _ . -');
const label = z.string().regex(/^[a-z][a-z0-9_.-]{0,31}$/, 'a label: lower-case letters, digits, _ . -, at most 32');
const pattern = (what: string) =>
  z
    .string()
    .regex(
      /^(class:[^\s,|*]{1,190}|[a-z][a-z0-9_.-]{0,63}\*?|\*)$/,
      `${what}, a prefix such as mail_*, or class:<name>`,
    );
const pointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer (RFC 6901), such as /flagged');

/** A registered tool or model that is asked about the content. What it is asked is decided and recorded like any act. */
const CallOut = z
  .strictObject({
    /** It gets `{ guardrail, boundary, agent, content: [text, …] }` as its arguments. */
    tool: name.optional(),
    /** It gets `instructions` as its system message and the content as the user's; it answers JSON. */
    model: name.optional(),
    instructions: z.string().min(1).max(8_000).optional(),
    /** Where in the answer a truth stands: `true` means that it fires, `false` that it does not, all else that it failed. */
    verdict: pointer.default('/flagged'),
    timeout_ms: z.number().int().min(50).max(30_000).default(5_000),
  })
  .refine(({ tool, model }) => (tool === undefined) !== (model === undefined), 'a call names a tool or a model')
  .refine(({ model, instructions }) => (model === undefined) === (instructions === undefined), {
    error: 'a model needs instructions, and a tool has none',
  });

/** One named check. Exactly one of `detect` (with or without `words`), `words`, `longer_than`, `labels` and `call`. */
const GuardrailDocument = z
  .strictObject({
    at: z.array(z.enum(BOUNDARIES)).min(1),
    /** Whose content: all agents, unless told. */
    agents: z.array(pattern('an agent')).min(1).max(256).default(['*']),
    /** At `output`, which calls: all, unless told. */
    tools: z.array(pattern('a tool')).min(1).max(256).default(['*']),
    /** At `output`, whether the answer that a run ends with is content too. */
    answers: z.boolean().default(true),
    detect: z.array(z.enum(DETECTORS)).min(1).optional(),
    /** Words, and phrases of them, whatever their case. */
    words: z.array(z.string().min(2).max(200)).min(1).max(1_000).optional(),
    /** Characters, over all of the content that is new. */
    longer_than: z.number().int().min(1).max(100_000_000).optional(),
    /** One of these has entered the run. */
    labels: z.array(label).min(1).max(16).optional(),
    call: CallOut.optional(),
    /** What follows when it fires, where nobody is asked. */
    then: z.enum(['deny', 'redact']).default('deny'),
    /** Id of the obligation under which it may still happen. */
    ask: id.optional(),
    /** Whether content passes a check that failed, where little is at stake (`low` risk); elsewhere it never does. */
    on_error: z.enum(['closed', 'open']).default('closed'),
  })
  .refine(
    ({ detect, words, longer_than: longer, labels, call }) =>
      [detect ?? words, longer, labels, call].filter((one) => one !== undefined).length === 1,
    'a guardrail looks for one thing: detect and words, longer_than, labels, or call',
  )
  .refine(({ ask, then }) => ask === undefined || then === 'deny', 'a guardrail asks, redacts or denies');
export type GuardrailDocument = z.infer<typeof GuardrailDocument>;

/** A denial for everybody, heard before any rule, that nothing overrides. */
const AbsoluteRule = z.strictObject({
  /** Actions, groups such as `run.*`, or `*`. */
  actions: z
    .array(z.string().regex(/^(\*|[a-z_]+(\.([a-z_]+|\*))?)$/, 'an action, a group such as run.*, or *'))
    .min(1),
  /** `<type>:<id>`, a prefix such as `tool:drop_*`, a class, or `*`. */
  objects: z
    .array(z.string().regex(/^(\*|[a-z_]+:[^\s,|]{1,190})$/, 'an object such as tool:drop_*, class:<name>, or *'))
    .min(1)
    .default(['*']),
  /** A condition of the bundle; without one it always denies. One that cannot be told denies. */
  when: id.optional(),
});
export type AbsoluteRule = z.infer<typeof AbsoluteRule>;

/** The member `guardrails` of a bundle. */
export const GuardrailsDocument = z.strictObject({
  checks: z.record(id, GuardrailDocument).default({}),
  absolute: z.record(id, AbsoluteRule).default({}),
});
export type GuardrailsDocument = z.infer<typeof GuardrailsDocument>;
