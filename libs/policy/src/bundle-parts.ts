import { z } from 'zod';

/** What conditions and obligations of a policy are called, and how they are written. */
const partId = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'an id: lower-case letters, digits, _ . -');

/** Id → condition expression (see `ConditionExpression` of `@writ/rules`). */
export const ConditionsDocument = z.record(partId, z.json()).default({});

/** Id → what must be done when what names it allows. */
export const ObligationsDocument = z
  .record(
    partId,
    z.strictObject({ type: z.string().min(1).max(64), values: z.record(z.string(), z.json()).default({}) }),
  )
  .default({});
