import { parseQuery } from '@writ/contract';
import type { AuditAsked } from '../api/audit';
import { windowOf } from '../api/window';

export type Scope = 'all' | 'query';

/** The export of a list: its query and its window, as one query. */
export function exportQuery(scope: Scope, asked: AuditAsked): { readonly filter?: string } {
  if (scope === 'all') return {};
  const { from, to } = windowOf(asked);
  const time = from === undefined && to === undefined ? '' : `time:${from ?? ''}..${to ?? 'now'}`;
  const either = parseQuery(asked.q, 'audit').root?.kind === 'or';
  const filter = [either ? `(${asked.q})` : asked.q, time].filter(Boolean).join(' ');
  return filter === '' ? {} : { filter };
}
