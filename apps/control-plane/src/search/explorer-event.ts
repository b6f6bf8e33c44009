import type { AuditSearch } from '@writ/audit';
import type { ItemOf } from '@writ/contract';

type Shown = Awaited<ReturnType<AuditSearch['page']>>['data'][number];

/** An event as the API's lists have it: its members as they were hashed, and `view` beside them. */
export const explorerEvent = ({ event, sentence, index }: Shown): ItemOf<'listAuditEvents'> => ({
  ...event,
  view: { sentence, index },
});
