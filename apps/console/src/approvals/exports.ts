import { copyLink } from '../frame/useFrameKeys';
import { csv, download, ndjson, shellWord } from '../list/take-away';
import { copyText } from '../ui/clipboard';
import { stringifySearch } from '../url/search';
import type { Approval } from './approvals';
import { type ApprovalsAsked, filterOf } from './queues';

const HEADER = ['id', 'status', 'reason', 'target', 'agent', 'initiator', 'run', 'requested_at', 'expires_at', 'args'];

const line = (one: Approval) => [
  one.id,
  one.status,
  one.reason,
  one.target,
  one.agent,
  one.initiator,
  one.run,
  one.requested_at,
  one.expires_at,
  JSON.stringify(one.args),
];

/** The same list in a terminal. */
function command(asked: ApprovalsAsked): string {
  const filter = filterOf(asked);
  const words = ['./writ', 'approvals', 'list'];
  if (asked.tab !== 'mine') words.push('--all');
  if (filter !== '') words.push('--query', shellWord(filter));
  return words.join(' ');
}

function apiPath(asked: ApprovalsAsked): string {
  return `/v1/approvals${stringifySearch({ filter: filterOf(asked), waiting_on: asked.tab === 'mine' ? 'me' : 'anybody' })}`;
}

export function approvalExports(rows: readonly Approval[], asked: ApprovalsAsked) {
  const shown = `${rows.length} loaded`;
  return [
    { label: `CSV (${shown})`, run: () => download('approvals.csv', csv(HEADER, rows.map(line)), 'text/csv') },
    { label: `NDJSON (${shown})`, run: () => download('approvals.ndjson', ndjson(rows), 'application/x-ndjson') },
    { label: 'Copy ids', run: () => void copyText(rows.map(({ id }) => id).join('\n'), `${rows.length} ids`) },
    { label: 'Copy as CLI command', run: () => void copyText(command(asked), 'Command') },
    { label: 'Copy as API path', run: () => void copyText(apiPath(asked), 'API path') },
    { label: 'Copy the link to this screen', run: () => void copyLink() },
  ];
}
