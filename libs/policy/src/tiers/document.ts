import { FINAL_STATUSES } from '@writ/words';
import { z } from 'zod';

const id = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'an id: lower-case letters, digits, _ . -');
const role = z.string().regex(/^[a-z][a-z0-9_.:-]{0,63}$/, 'a role: lower-case letters, digits, _ . : -');
const objectPattern = z
  .string()
  .regex(
    /^(class:[^\s,|*]{1,190}|[a-z][a-z_]{0,31}:[A-Za-z0-9_.-]{0,64}\*?|\*)$/,
    'an object such as tool:refund, a prefix such as tool:mail_*, class:<name>, or *',
  );
const limit = z.number().int().min(0).optional();

/** What a run, or an agent in one, does; and what brings something that may run. */
export const TIERED_ACTIONS = [
  'run.start',
  'model.invoke',
  'tool.invoke',
  'data.read',
  'handoff',
  'delegate',
  'agent.invoke',
  'board.read',
  'board.write',
  'message.send',
  'message.read',
  'agent.change',
  'tool.change',
  'workflow.change',
] as const;
export type TieredAction = (typeof TIERED_ACTIONS)[number];

/** What follows where something in the tier is not accounted for: it goes on record, people are asked, or it may not act. */
const Lapse = z.union([z.enum(['warn', 'block']), z.strictObject({ ask: id })]);

/** Ways in which nobody answers for something any more. */
export const LAPSES = ['overdue', 'undated', 'unowned'] as const;
export type LapseKind = (typeof LAPSES)[number];

const TierDocument = z.strictObject({
  /** Obligations of acts in this tier, beside those of the rules that allow them. */
  controls: z
    .record(
      id,
      z.strictObject({
        actions: z.array(z.enum(TIERED_ACTIONS)).min(1),
        objects: z.array(objectPattern).min(1).max(256).default(['*']),
        oblige: z.array(id).min(1).max(16),
      }),
    )
    .default({}),
  /** Guardrails that hold here whatever they say of themselves. */
  guardrails: z.array(id).max(64).default([]),
  /** Which runs people look at afterwards. */
  review: z
    .strictObject({
      /** Of 1: how many of the runs that ended are drawn. */
      share: z.number().min(0).max(1),
      /** Runs that ended so are all looked at. */
      always: z.array(z.enum(FINAL_STATUSES)).default([]),
      /** Days until somebody should have. */
      within_days: z.number().int().min(1).max(366).default(14),
    })
    .optional(),
  /** What one run may use at most, whatever its workflow says. */
  budget: z
    .strictObject({
      model_calls: limit,
      tool_calls: limit,
      tokens: limit,
      cost_micros: limit,
      wall_ms: limit,
      handoffs: limit,
      depth: limit,
    })
    .optional(),
  /** Only holders of one of these roles publish agents, workflows and tools of this tier. */
  publish: z.strictObject({ roles: z.array(role).min(1).max(32) }).optional(),
  /** Its `review_by` has passed. */
  overdue: Lapse.optional(),
  /** It has no `review_by`. */
  undated: Lapse.optional(),
  /** It has no owner or no purpose. */
  unowned: Lapse.optional(),
});
export type TierDocument = z.infer<typeof TierDocument>;

/** The member `tiers` of a bundle: the controls of each risk tier. */
export const TiersDocument = z.strictObject({
  low: TierDocument.exactOptional(),
  medium: TierDocument.exactOptional(),
  high: TierDocument.exactOptional(),
});
export type TiersDocument = z.infer<typeof TiersDocument>;
