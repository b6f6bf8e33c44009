import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ResponseOf } from '@writ/contract';
import { useState } from 'react';
import { api } from '../api/client';
import budgets from '../budgets/Budgets.module.css';
import { useMay } from '../session/useTenant';
import { Stamp } from '../time/Stamp';
import { Empty } from '../ui/Empty';
import { Id } from '../ui/Id';
import { Loading } from '../ui/Loading';
import { Problem } from '../ui/Problem';
import { Table } from '../ui/Table';
import { RevokeDelegation } from './RevokeDelegation';

type Delegation = ResponseOf<'listRunDelegations'>['data'][number];

const COLUMNS = ['From', 'To', 'For', 'Good for', 'State'];

/** Who gave whom what to do, for what it is good, and taking it back. */
export function DelegationsTab({ run, version }: { readonly run: string; readonly version: number }) {
  const [taking, setTaking] = useState<Delegation | null>(null);
  const found = useQuery({
    queryKey: ['delegations', run, version],
    queryFn: ({ signal }) => api.runs.delegations(run, { signal }),
    placeholderData: keepPreviousData,
  });
  if (found.isError) return <Problem what="The delegations" error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the delegations" />;
  const { data, under } = found.data;
  if (data.length === 0 && under.length === 0)
    return (
      <Empty icon="hand" title="Nobody gave anybody anything to do">
        Handoffs, questions to other agents and assigned work stand here, with what they are good for.
      </Empty>
    );
  return (
    <div className={budgets['content']} tabIndex={0} role="group" aria-label="Delegations">
      {under.length > 0 && (
        <p>
          The run itself acts by what a run above it gave:{' '}
          {under.map((id) => (
            <Id key={id} id={id} what="Delegation" />
          ))}
        </p>
      )}
      {data.length > 0 && (
        <Table columns={COLUMNS} acting caption="What agents of this run gave each other to do, in order">
          {data.map((one) => (
            <Row key={one.id} one={one} onTake={() => setTaking(one)} />
          ))}
        </Table>
      )}
      {taking && (
        <RevokeDelegation run={run} delegation={taking.id} agent={taking.to.agent} onClose={() => setTaking(null)} />
      )}
    </div>
  );
}

const HOW: { readonly [H in Delegation['how']]: string } = {
  handoff: 'control',
  work: 'work',
  question: 'a question',
  choice: 'a turn',
};

const STATE: { readonly [S in Delegation['state']]: string } = {
  active: 'In force',
  over: 'Over',
  expired: 'Ended by its time',
  revoked: 'Taken back',
};

function Row({ one, onTake }: { readonly one: Delegation; readonly onTake: () => void }) {
  const may = useMay('run.revoke');
  const { id, from, to, how, mode, purpose, state, revoked, parent } = one;
  return (
    <tr>
      <td data-label="From">{from === null ? <span className="dim">the workflow</span> : <code>{from}</code>}</td>
      <td data-label="To">
        <code>{to.agent}</code>
        <div className="dim">{mode === 'service' ? 'as a service' : 'with no more than all before it'}</div>
      </td>
      <td data-label="For">
        {HOW[how]}: {purpose}
        <div className="dim">
          <Id id={id} what="Delegation" />
          {parent !== null && <> below {parent}</>}
        </div>
      </td>
      <td data-label="Good for">
        {boundsOf(one).map((bound) => (
          <div key={bound}>{bound}</div>
        ))}
        {one.expires_at !== null && (
          <div>
            until <Stamp at={one.expires_at} form="full" />
          </div>
        )}
      </td>
      <td data-label="State">
        {STATE[state]}
        {revoked !== null && (
          <div className="dim">
            {revoked.reason} · {revoked.by} · <Stamp at={revoked.at} form="ago" />
          </div>
        )}
      </td>
      <td>
        {(state === 'active' || state === 'expired') && (
          <Button
            size="xs"
            variant="default"
            disabled={!may}
            onClick={onTake}
            aria-label={`Take back from ${to.agent}`}
          >
            Take back…
          </Button>
        )}
      </td>
    </tr>
  );
}

function boundsOf({ tools, depth, budget, used, labels }: Delegation): readonly string[] {
  const calls = budget?.tool_calls;
  return [
    tools === null ? 'whatever all before it may' : tools.length === 0 ? 'no tool' : toolText(tools),
    ...(calls === undefined ? [] : [`${used ?? 0} of ${calls} tool calls used`]),
    ...(depth === null ? [] : [depth === 0 ? 'not to be passed on' : `to be passed on ${depth} deep`]),
    ...(labels === null
      ? []
      : [labels.length === 0 ? 'nothing labelled' : `nothing labelled but ${labels.join(', ')}`]),
  ];
}

const toolText = (tools: NonNullable<Delegation['tools']>): string =>
  tools.map(({ tool, only, at_most: most }) => (only || most ? `${tool} within limits` : tool)).join(', ');
