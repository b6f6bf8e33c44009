import type { AuditAsked, ListedEvent } from '../api/audit';
import { windowOf } from '../api/window';
import { copyLink } from '../frame/useFrameKeys';
import { csv, download, ndjson, shellWord } from '../list/take-away';
import { copyText } from '../ui/clipboard';
import { targetOf, verdictOf } from './columns';

const HEADER = [
  'index',
  'time',
  'type',
  'actor',
  'action',
  'target',
  'decision',
  'outcome',
  'run',
  'run_seq',
  'id',
  'sentence',
];

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const line = (event: ListedEvent) => [
  event.view.index,
  event.time,
  event.type,
  text(event['actor']),
  text(event['action']),
  targetOf(event),
  verdictOf(event),
  text(event['outcome']),
  event.run,
  event.run_seq,
  event.id,
  event.view.sentence,
];

function command(asked: AuditAsked): string {
  const { from, to } = windowOf(asked);
  const words = ['./writ', 'audit', 'list'];
  if (asked.q !== '') words.push('--query', shellWord(asked.q));
  if (from !== undefined) words.push('--from', shellWord(from));
  if (to !== undefined) words.push('--to', shellWord(to));
  return words.join(' ');
}

export function auditExports(rows: readonly ListedEvent[], asked: AuditAsked) {
  const shown = `${rows.length} loaded`;
  return [
    { label: `CSV (${shown})`, run: () => download('audit.csv', csv(HEADER, rows.map(line)), 'text/csv') },
    { label: `NDJSON (${shown})`, run: () => download('audit.ndjson', ndjson(rows), 'application/x-ndjson') },
    { label: 'Copy ids', run: () => void copyText(rows.map((event) => event.id).join('\n'), `${rows.length} ids`) },
    { label: 'Copy as CLI command', run: () => void copyText(command(asked), 'Command') },
    { label: 'Copy the link to this screen', run: () => void copyLink() },
  ];
}
