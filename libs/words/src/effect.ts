/**
 * What a lost outcome means for a call, set by an operator on the tool's definition (never by the tool's own server).
 * - read, idempotent: retried with the same key     - compensable, irreversible: unknown, waits for a person
 */
export const EFFECT_CLASSES = ['read', 'idempotent', 'compensable', 'irreversible'] as const;
export type EffectClass = (typeof EFFECT_CLASSES)[number];

export const isRepeatable = (effect: EffectClass): boolean => effect === 'read' || effect === 'idempotent';

/**
 * Whether the other side may have acted when a call failed: after `no` it is safe to try again whatever the effect class,
 * after `maybe` only for a repeatable effect; `yes` means it answered, and the answer is an error.
 */
export type Landed = 'no' | 'maybe' | 'yes';
