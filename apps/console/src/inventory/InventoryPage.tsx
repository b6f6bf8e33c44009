import { NativeSelect } from '@mantine/core';
import type { ItemOf, RequestOf } from '@writ/contract';
import { api } from '../api/client';
import listBar from '../list/ListBar.module.css';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { TIER } from '../reviews/words';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';
import type { Sign } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import styles from './Inventory.module.css';

type Entry = ItemOf<'listInventory'>;
type Query = NonNullable<RequestOf<'listInventory'>['query']>;

const COLUMNS = ['Name', 'Risk', 'Owner', 'Reviewed until', 'Standing', 'Last used', 'Used by'];
const KINDS = [
  { value: '', label: 'Agents, workflows, tools' },
  { value: 'agent', label: 'Agents' },
  { value: 'workflow', label: 'Workflows' },
  { value: 'tool', label: 'Tools' },
];
const TIERS = [
  { value: '', label: 'Every risk' },
  { value: 'high', label: 'High risk' },
  { value: 'medium', label: 'Medium risk' },
  { value: 'low', label: 'Low risk' },
];
const STATES = [
  { value: '', label: 'Answered for or not' },
  { value: 'lapsed', label: 'Nobody answers for it' },
];

/** What may run, who answers for it, and how risky it is. */
export function InventoryPage() {
  const { search, push } = useAddress();
  const { kind, tier, state } = search;
  const asked = {
    ...(kind && { kind }),
    ...(tier && { tier }),
    ...(state === 'lapsed' && { lapsed: 'true' }),
  } as Query;
  const { query, rows } = usePages(['inventory', asked], {
    page: (cursor, signal) => api.inventory.list({ ...asked, limit: 100 }, { signal }).page(cursor),
  });
  return (
    <Page
      title="Inventory"
      purpose="What may run, who answers for it, how risky it is, and until when it counts as reviewed."
      controls={
        <div className={listBar['bar']}>
          <Choice label="Kind" data={KINDS} value={kind} onChange={(value) => push({ kind: value })} />
          <Choice label="Risk" data={TIERS} value={tier} onChange={(value) => push({ tier: value })} />
          <Choice label="Standing" data={STATES} value={state} onChange={(value) => push({ state: value })} />
          <span className="dim" aria-live="polite">
            {query.isSuccess ? `${plural(rows.length, 'entry', 'entries')}${query.hasNextPage ? ' so far' : ''}` : ''}
          </span>
        </div>
      }
    >
      {query.isError && <Problem what="The inventory" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="inventory" rows={4} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty icon="agent" title="Nothing here fits" command="./writ agents">
          <p>Agents, workflows and tools are published as documents; each may say its risk and when it is reviewed.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Inventory">
          <Table columns={COLUMNS}>
            {rows.map((one) => (
              <Row key={`${one.kind} ${one.name}`} entry={one} />
            ))}
          </Table>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly data: { readonly value: string; readonly label: string }[];
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

const Choice = ({ label, data, value = '', onChange }: ChoiceProps) => (
  <NativeSelect
    size="xs"
    aria-label={label}
    data={data}
    value={value}
    onChange={(event) => onChange(event.currentTarget.value || undefined)}
  />
);

const STANDS: { readonly [D in Entry['lapses'][number]['does']]: Omit<Sign, 'word'> } = {
  block: { tone: 'bad', icon: 'deny' },
  ask: { tone: 'wait', icon: 'hand' },
  warn: { tone: 'wait', icon: 'warn' },
  nothing: { tone: 'calm', icon: 'warn' },
};

const DOES: { readonly [D in Entry['lapses'][number]['does']]: string } = {
  block: 'blocked',
  ask: 'people are asked',
  warn: 'goes on record',
  nothing: '',
};

function Row({ entry }: { readonly entry: Entry }) {
  const { kind, name, version, purpose, owner, tier, reaches, classed, review_by: until, lapses } = entry;
  return (
    <tr>
      <th scope="row">
        <strong>{name}</strong>
        <span className="dim">
          {kind}, version {version}
          {purpose !== null && `: ${purpose}`}
        </span>
      </th>
      <td data-label="Risk">
        <Mark sign={TIER[tier]} quiet />
        {!classed && <div className="dim">nobody classed it</div>}
        {reaches !== tier && <div className="dim">reaches {TIER[reaches].word.toLowerCase()}</div>}
      </td>
      <td data-label="Owner">{owner ?? <span className="dim">nobody</span>}</td>
      <td data-label="Reviewed until">{until ?? <span className="dim">no date</span>}</td>
      <td data-label="Standing">
        {lapses.length === 0 ? (
          <Mark sign={{ tone: 'good', icon: 'check', word: 'Answered for' }} quiet />
        ) : (
          lapses.map(({ lapse, words, does }) => (
            <div key={lapse}>
              <Mark sign={{ ...STANDS[does], word: LAPSE[lapse] }} quiet />
              <div className="dim">
                {words}
                {DOES[does] !== '' && `; ${DOES[does]}`}
              </div>
            </div>
          ))
        )}
      </td>
      <td data-label="Last used">
        {entry.last_used_at === null ? (
          <span className="dim">by none of the newest runs</span>
        ) : (
          <Stamp at={entry.last_used_at} form="ago" />
        )}
      </td>
      <td data-label="Used by">
        {entry.used_by.length === 0 ? <span className="dim">nobody</span> : entry.used_by.join(', ')}
      </td>
    </tr>
  );
}

const LAPSE: { readonly [L in Entry['lapses'][number]['lapse']]: string } = {
  overdue: 'Review overdue',
  undated: 'No review date',
  unowned: 'No owner',
};
