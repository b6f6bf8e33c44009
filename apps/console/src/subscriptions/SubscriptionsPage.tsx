import { Button, Menu } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ItemOf } from '@writ/contract';
import { useState } from 'react';
import { api } from '../api/client';
import { troubleOf } from '../api/problem';
import { More } from '../list/More';
import { Page } from '../list/Page';
import { usePages } from '../list/usePages';
import { useMay } from '../session/useTenant';
import { plural } from '../time/format';
import { Stamp } from '../time/Stamp';
import { Confirm } from '../ui/Confirm';
import { Empty } from '../ui/Empty';
import { Icon } from '../ui/icons';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import { say } from '../ui/toasts';
import type { Sign } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import { DeliveriesPanel } from './DeliveriesPanel';
import { Subscribe } from './Subscribe';
import { SUBSCRIPTIONS_KEY } from './subscriptions-key';
import styles from './Subscriptions.module.css';

type Subscription = ItemOf<'listSubscriptions'>;

const STATUS: { readonly [S in Subscription['status']]: Sign } = {
  active: { tone: 'good', icon: 'check', word: 'Active' },
  paused: { tone: 'wait', icon: 'pause', word: 'Paused' },
  disabled: { tone: 'bad', icon: 'cross', word: 'Disabled' },
};

/** Who outside is told what happens: approvals, questions, stops, budgets. */
export function SubscriptionsPage() {
  const { search, push } = useAddress();
  const may = useMay('subscription.change');
  const [adding, setAdding] = useState(false);
  const { query, rows } = usePages([...SUBSCRIPTIONS_KEY, 'list'], {
    page: (cursor, signal) => api.subscriptions.list({ limit: 100 }, { signal }).page(cursor),
    refetchInterval: 10_000,
  });
  const chosen = rows.find(({ id }) => id === search['sel']);
  return (
    <Page
      title="Subscriptions"
      purpose="Who outside is told what happens, by signed messages that carry ids and no rights."
      action={
        <Button
          disabled={!may}
          title={may ? '' : 'Your key may not change subscriptions (subscription.change)'}
          onClick={() => setAdding(true)}
        >
          New subscription
        </Button>
      }
      controls={null}
      panel={chosen && <DeliveriesPanel id={chosen.id} label={chosen.label} onClose={() => push({ sel: undefined })} />}
    >
      {query.isError && <Problem what="The subscriptions" error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what="subscriptions" rows={3} />}
      {query.isSuccess && rows.length === 0 && (
        <Empty
          icon="bell"
          title="Nobody is told anything"
          command="./writ subscriptions create https://hooks.example.com/writ on-call"
        >
          <p>
            A chat, a pager or a service of yours can be told when people are needed, work is stopped or money runs out.
          </p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div className={styles['scroll']} tabIndex={0} role="group" aria-label="Subscriptions">
          <ul className={styles['list']}>
            {rows.map((one) => (
              <Row key={one.id} one={one} may={may} onOpen={() => push({ sel: one.id })} />
            ))}
          </ul>
          <More query={query} />
        </div>
      )}
      {adding && <Subscribe onClose={() => setAdding(false)} />}
    </Page>
  );
}

type Change = 'pause' | 'resume' | 'redeliver' | 'remove' | 'test';

const DONE: { readonly [C in Change]: string } = {
  pause: 'Paused. What happens meanwhile is told when it is resumed',
  resume: 'Resumed, from where it was',
  redeliver: 'What was put aside is sent again',
  remove: 'Removed, and its secret with it',
  test: 'A test is on its way',
};

interface RowProps {
  readonly one: Subscription;
  readonly may: boolean;
  readonly onOpen: () => void;
}

function Row({ one, may, onOpen }: RowProps) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (to: Change) => {
      const reason = `${to} in the console`;
      if (to === 'test') return api.subscriptions.test(one.id);
      if (to === 'redeliver') return api.subscriptions.resume(one.id, { reason, redeliver: true });
      return api.subscriptions[to](one.id, { reason });
    },
    onSuccess: (_, to) => {
      say(DONE[to]);
      return queries.invalidateQueries({ queryKey: SUBSCRIPTIONS_KEY });
    },
    onError: (error) => say(`${troubleOf(error).title}: ${troubleOf(error).detail}`, 'bad'),
  });
  const hold: Change = one.status === 'active' ? 'pause' : 'resume';
  return (
    <li className={styles['row']}>
      <div className={styles['what']}>
        <span className={styles['line']}>
          <Mark sign={STATUS[one.status]} quiet />
          <strong>{one.label}</strong>
          <code className="cut">{one.url}</code>
        </span>
        <span className="dim">{one.types.join(', ')}</span>
        <span className="dim">
          {one.last_sent_at === null ? (
            'nothing sent yet'
          ) : (
            <>
              last sent <Stamp at={one.last_sent_at} form="ago" />
            </>
          )}
          {one.behind > 0 && ` · ${plural(one.behind, 'event')} behind`}
          {one.dead > 0 && ` · ${plural(one.dead, 'message')} put aside`}
          {one.next_try_at !== null && (
            <>
              {' '}
              · try {one.failures + 1} <Stamp at={one.next_try_at} form="ago" />
            </>
          )}
          {one.reason !== null && ` · ${one.reason}`}
        </span>
      </div>
      <div className={styles['actions']}>
        <Button variant="default" size="xs" onClick={onOpen}>
          Deliveries<span className="only-read"> of {one.label}</span>
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" size="xs" disabled={!may} rightSection={<Icon name="down" size={12} />}>
              Change<span className="only-read"> {one.label}</span>
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => change.mutate('test')}>Send a test</Menu.Item>
            <Menu.Item onClick={() => change.mutate(hold)}>{hold === 'pause' ? 'Pause' : 'Resume'}</Menu.Item>
            {one.dead > 0 && (
              <Menu.Item onClick={() => change.mutate('redeliver')}>Send again what was put aside</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
        <Confirm
          what="Remove"
          name={one.label}
          warning="Its secret is gone for good, and nobody there is told any more."
          disabled={!may}
          loading={change.isPending && change.variables === 'remove'}
          onSure={() => change.mutate('remove')}
        />
      </div>
    </li>
  );
}
