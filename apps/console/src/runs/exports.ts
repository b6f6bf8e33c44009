import type { ListedRun, RunsAsked } from '../api/runs';
import { windowOf } from '../api/window';
import { copyLink } from '../frame/useFrameKeys';
import { csv, download, ndjson, shellWord } from '../list/take-away';
import { copyText } from '../ui/clipboard';
import { stringifySearch } from '../url/search';

const HEADER = [
  'id',
  'status',
  'workflow',
  'root_agent',
  'agent',
  'initiator',
  'created_at',
  'finished_at',
  'duration_ms',
  'allowed',
  'asked',
  'denied',
  'tokens',
  'cost_micros',
];

const line = (run: ListedRun) => [
  run.id,
  run.status,
  run.workflow,
  run.root_agent,
  run.agent,
  run.initiator,
  run.created_at,
  run.finished_at,
  run.duration_ms,
  run.decisions.allow,
  run.decisions.ask,
  run.decisions.deny,
  run.usage.tokens,
  run.usage.cost_micros,
];

/** The same list in a terminal. */
export function runsCommand(asked: RunsAsked): string {
  const { from, to } = windowOf(asked);
  const words = ['./writ', 'runs', 'list'];
  if (asked.q !== '') words.push('--query', shellWord(asked.q));
  if (from !== undefined) words.push('--from', shellWord(from));
  if (to !== undefined) words.push('--to', shellWord(to));
  return words.join(' ');
}

function apiPath(asked: RunsAsked): string {
  const { q, basis, sort } = asked;
  return `/v1/runs${stringifySearch({ filter: q, ...windowOf(asked), basis, sort })}`;
}

export function runExports(rows: readonly ListedRun[], asked: RunsAsked) {
  const shown = `${rows.length} loaded`;
  return [
    { label: `CSV (${shown})`, run: () => download('runs.csv', csv(HEADER, rows.map(line)), 'text/csv') },
    { label: `NDJSON (${shown})`, run: () => download('runs.ndjson', ndjson(rows), 'application/x-ndjson') },
    { label: 'Copy ids', run: () => void copyText(rows.map((run) => run.id).join('\n'), `${rows.length} ids`) },
    { label: 'Copy as CLI command', run: () => void copyText(runsCommand(asked), 'Command') },
    { label: 'Copy as API path', run: () => void copyText(apiPath(asked), 'API path') },
    { label: 'Copy the link to this screen', run: () => void copyLink() },
  ];
}
