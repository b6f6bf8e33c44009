import { RISK_TIERS } from '@writ/words';
import { z } from 'zod';

/** What definitions are called, and call each other by. */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'use lower-case letters, digits, _ . -, starting with a letter, at most 64');

/** What the steps, branches and routes inside a definition are called. */
export const stepId = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'a step id: lower-case letters, digits, _');

/** What a value carries with it: `untrusted`, `private`, `secret`, or a class of the tenant. */
export const label = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,31}$/, 'a label: lower-case letters, digits, _ . -, at most 32');

export const pointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/, 'a JSON pointer (RFC 6901), such as /order_id');

export const jsonSchema = z.record(z.string(), z.json());

/** Values and references by pointer; see template.ts. */
export const template = z.record(z.string(), z.json());

/** One value of a run by pointer. */
export const reference = z.strictObject({ $from: pointer });
export type Reference = z.infer<typeof reference>;

/** A definition without an owner and a purpose is blocked: nobody would answer for it. */
export const accountable = { owner: z.string().min(1).max(200), purpose: z.string().min(1).max(500) };

/**
 * How much harm it can do, which counts as `medium` where nobody said, and the last day (UTC) on which it counts as reviewed.
 * Absent members stay absent: the digest of a definition without them is what it was before there were any.
 */
export const governed = { risk: z.enum(RISK_TIERS).optional(), review_by: z.iso.date().optional() };

const YEAR_MS = 31_536_000_000;
/** Milliseconds, up to a year. */
export const duration = z.number().int().min(1).max(YEAR_MS);
