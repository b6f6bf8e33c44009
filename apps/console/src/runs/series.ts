import type { RunStatus } from '@writ/words';
import type { Series } from '../chart/buckets';
import { RUN_STATUS } from '../ui/tone';

const STATUSES = Object.keys(RUN_STATUS) as RunStatus[];

export const RUN_SERIES: readonly Series[] = STATUSES.map((status) => ({
  key: status,
  label: RUN_STATUS[status].word,
  tone: RUN_STATUS[status].tone,
}));
