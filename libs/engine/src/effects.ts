import { isRepeatable } from '@writ/kernel';
import type { StepIntended } from './events';

/** Whether an effect may be repeated when its outcome is lost: everything but an unrepeatable tool call (I5). */
export const isFree = ({ kind, effect }: Pick<StepIntended, 'kind' | 'effect'>): boolean =>
  kind !== 'tool' || isRepeatable(effect);
