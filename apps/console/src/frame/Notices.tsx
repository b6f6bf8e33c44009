import { Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useWaiting } from '../approvals/useWaiting';
import { useBudgets } from '../budgets/useBudgets';
import { amountText, DIMENSION, scopeText, stateOf } from '../budgets/words';
import { useAsked } from '../questions/useQuestions';
import { useMay } from '../session/useTenant';
import { stopName, useStops } from '../stops/useStops';
import { plural } from '../time/format';
import { Icon, type IconName } from '../ui/icons';
import styles from './Notices.module.css';

interface Notice {
  readonly key: string;
  readonly icon: IconName;
  readonly to: '/approvals' | '/questions' | '/budgets' | '/stops';
  readonly what: string;
  /** Waits for whoever is signed in, and not only something to know. */
  readonly mine: boolean;
}

/** How often budgets are looked at from pages that are about something else. */
const NOTICED_MS = 30_000;

/** What needs whoever is signed in, and what they should know: from what the pages themselves know, asked every few seconds. */
function useNotices(): readonly Notice[] {
  const waiting = useWaiting().data;
  const asked = useAsked().data ?? 0;
  const stops = useStops().data ?? [];
  const budgets = useBudgets(useMay('budget.read'), NOTICED_MS).data ?? [];
  const notices: Notice[] = [];
  if (waiting && waiting.waiting_on_me > 0) {
    const what = `${plural(waiting.waiting_on_me, 'request')}${waiting.at_least ? ' or more' : ''} to decide`;
    notices.push({ key: 'approvals', icon: 'hand', to: '/approvals', what, mine: true });
  }
  if (asked > 0)
    notices.push({
      key: 'questions',
      icon: 'help',
      to: '/questions',
      what: `${plural(asked, 'question')} to answer`,
      mine: true,
    });
  for (const budget of budgets) {
    const { tone, word } = stateOf(budget);
    if (tone === 'good') continue;
    const what = `${word}: ${DIMENSION[budget.dimension]} of ${scopeText(budget)}, ${amountText(budget.dimension, budget.spent)} of ${amountText(budget.dimension, budget.limit)}`;
    notices.push({ key: budget.id, icon: 'budget', to: '/budgets', what, mine: false });
  }
  for (const stop of stops)
    notices.push({ key: stop.id, icon: 'stop', to: '/stops', what: `Stopped: ${stopName(stop)}`, mine: false });
  return notices;
}

const MOST = 20;

/** In the bar of every page. */
export function Notices() {
  const notices = useNotices();
  const mine = notices.filter((one) => one.mine).length;
  const label = notices.length === 0 ? 'Nothing needs you' : plural(notices.length, 'notice');
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <button
          type="button"
          className={styles['bell']}
          aria-label={`Notices: ${label}`}
          data-mine={mine > 0 || undefined}
        >
          <Icon name="bell" size={16} />
          {notices.length > 0 && (
            <span className={styles['count']}>{notices.length > 99 ? '99+' : notices.length}</span>
          )}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{notices.length === 0 ? 'Nothing needs you.' : 'What needs you, and what to know'}</Menu.Label>
        {notices.slice(0, MOST).map((one) => (
          <Menu.Item key={one.key} component={Link} to={one.to} leftSection={<Icon name={one.icon} />}>
            {one.mine ? <strong>{one.what}</strong> : one.what}
          </Menu.Item>
        ))}
        {notices.length > MOST && <Menu.Label>and {notices.length - MOST} more</Menu.Label>}
      </Menu.Dropdown>
    </Menu>
  );
}
