import { isRepeatable } from '@writ/words';
import type { StepIntended } from './events';

/** Whether an effect may be repeated when its outcome is lost: everything but an unrepeatable tool call (I5). */
export const isFree = ({ kind, effect, stubbed }: Pick<StepIntended, 'kind' | 'effect' | 'stubbed'>): boolean =>
  kind !== 'tool' || stubbed === true || isRepeatable(effect);
