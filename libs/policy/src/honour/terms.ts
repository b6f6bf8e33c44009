import { parsePointer } from '@writ/rules';
import { z } from 'zod';
import { labels } from '../flow/document';
import type { Obligation } from '../types';

const DAY_MS = 86_400_000;

/** A JSON pointer in which `*` stands for every item of a list and every member of an object. */
const pointer = z
  .string()
  .max(200)
  .refine((text) => text !== '' && parsePointer(text) !== null, 'a JSON pointer such as /card/number');
const fields = z.array(pointer).min(1).max(64);

const toolName = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'a tool: lower-case letters, digits, _ . -');
const grant = z.strictObject({
  tool: toolName,
  only: z.record(pointer, z.array(z.json()).min(1).max(256)).optional(),
  at_most: z.record(pointer, z.number()).optional(),
});

/** What a mark may tell of the call whose answer it is put on. */
const MARKS = ['for', 'agent', 'run', 'time'] as const;
const NAMED = /\{([^{}]*)\}/g;

function knowsItsNames(text: string): boolean {
  return [...text.matchAll(NAMED)].every(([, name]) => MARKS.some((mark) => mark === name));
}

/** The text of a mark with everything filled in. */
export const markOf = (text: string, told: { readonly [name in (typeof MARKS)[number]]: string }): string =>
  text.replace(
    NAMED,
    (whole, name: string) => MARKS.map((mark) => (mark === name ? told[mark] : '')).join('') || whole,
  );

/** The values of each obligation that is honoured around a call, as policy text writes them. */
const TERMS = {
  /** These members of what a tool answers never reach the agent, nor the journal. */
  redact: z.strictObject({ fields }),
  /** Of texts in the answer (of all, or of these members) only so many last characters are shown. */
  mask_output: z.strictObject({ fields: fields.optional(), keep_last: z.number().int().min(0).max(8).default(0) }),
  /** Texts in the answer (the answer itself, or these members) end with a mark of whom and which run they were given to. */
  watermark: z.strictObject({
    text: z
      .string()
      .min(1)
      .max(200)
      .refine(knowsItsNames, `may name ${MARKS.map((name) => `{${name}}`).join(', ')}, and nothing else in braces`)
      .default('given to {for} in {run}'),
    fields: fields.optional(),
  }),
  /** No more than so many acts in so long, counted over all runs and processes; the next waits for its turn. */
  rate_limit: z.strictObject({
    most: z.number().int().min(1).max(1_000_000),
    per_ms: z.number().int().min(100).max(DAY_MS),
    for_each: z.enum(['tenant', 'initiator', 'agent']).default('initiator'),
  }),
  /** Those who subscribe to `obligation.notified` are told before it happens. */
  notify: z.strictObject({ about: z.string().min(1).max(200).optional() }),
  /** The journal holds the whole of what was sent, also where it could be worked out again. */
  record_full: z.strictObject({}),
  /** The function runs in a process of its own that has no more than this; a call that cannot be confined so is denied. */
  sandbox: z.strictObject({
    network: z.enum(['none', 'open']).default('none'),
    /** Beside its own code; it never writes any. */
    files: z.enum(['none', 'read']).default('none'),
    memory_mb: z.number().int().min(16).max(4_096).default(128),
    time_ms: z.number().int().min(100).max(600_000).default(10_000),
  }),
  /** The most one turn of a model may take: tokens of the request and of its reply, and money, in millionths of the currency. */
  budget: z
    .strictObject({
      tokens: z.number().int().min(1).max(100_000_000).optional(),
      cost_micros: z.number().int().min(1).max(1_000_000_000_000).optional(),
    })
    .refine(
      ({ tokens, cost_micros: cost }) => tokens !== undefined || cost !== undefined,
      'says tokens or cost_micros',
    ),
  /** What goes along with a handoff or a piece of work at most, whatever whoever passes it on gives (`gives` of an agent). */
  bound_delegation: z
    .strictObject({
      /** The only tools, by name or with limits on their arguments; an empty list is none. */
      tools: z
        .array(z.union([toolName, grant]))
        .max(128)
        .optional(),
      /** Tool calls, of all below together. */
      uses: z.number().int().min(0).optional(),
      /** How often it may be passed on again, one below the other. */
      depth: z.number().int().min(0).max(64).optional(),
      /** Milliseconds after which it has ended. */
      lasts_ms: z
        .number()
        .int()
        .min(1)
        .max(366 * DAY_MS)
        .optional(),
      /** The only labels that what is handed on, or brought in under it, may carry. */
      labels: labels.optional(),
    })
    .refine((terms) => Object.keys(terms).length > 0, 'it bounds nothing'),
} as const;

export type Duty = keyof typeof TERMS;
export type Terms<D extends Duty> = z.output<(typeof TERMS)[D]>;

export const isDuty = (type: string): type is Duty => Object.hasOwn(TERMS, type);

export function dutyFault(type: Duty, values: Obligation['values']): string | null {
  const parsed = TERMS[type].safeParse(values);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `${issue?.path.length ? `${issue.path.join('.')}: ` : ''}${issue?.message ?? 'not valid'}`;
}

/** The duties of one kind among obligations, each with its id; throws for values that a snapshot would have refused. */
export function dutiesOf<D extends Duty>(
  obligations: readonly Obligation[],
  type: D,
): readonly { readonly id: string; readonly terms: Terms<D> }[] {
  return obligations
    .filter((one) => one.type === type)
    .map(({ id, values }) => ({ id, terms: TERMS[type].parse(values) as Terms<D> }));
}
