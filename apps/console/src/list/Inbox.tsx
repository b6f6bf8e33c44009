import { SegmentedControl } from '@mantine/core';
import type { ComponentProps, ReactNode } from 'react';
import { plural } from '../time/format';
import { Loading } from '../ui/Loading';
import { Mark } from '../ui/Mark';
import { Problem } from '../ui/Problem';
import type { Sign } from '../ui/tone';
import { useAddress } from '../url/useAddress';
import styles from './Inbox.module.css';
import listBar from './ListBar.module.css';
import { More } from './More';
import { Page } from './Page';
import { usePeek } from './usePeek';

interface Tab<V extends string = string> {
  readonly value: V;
  readonly label: string;
}

/** Which of its tabs the address names; the first unless told. */
export function useTab<V extends string>(tabs: readonly Tab<V>[]): V {
  const { search } = useAddress();
  return (tabs.find(({ value }) => value === search['tab']) ?? tabs[0]!).value;
}

interface Row {
  readonly id: string;
}

/** How one row is told: how it stands, what it is, and a line about it. */
interface Told {
  readonly sign: Sign;
  readonly title: string;
  /** A second mark, after the title. */
  readonly beside?: Sign;
  readonly about: ReactNode;
}

interface Props<T extends Row> {
  readonly title: string;
  readonly purpose: string;
  /** One of them: `question`. */
  readonly noun: string;
  readonly tabs: readonly Tab[];
  readonly tab: string;
  readonly rows: readonly T[];
  readonly query: ComponentProps<typeof More>['query'] & {
    readonly isPending: boolean;
    readonly isSuccess: boolean;
    readonly isError: boolean;
    readonly error: Error | null;
    refetch(): Promise<unknown>;
  };
  readonly tell: (row: T) => Told;
  /** What is shown instead of no rows. */
  readonly empty: ReactNode;
  readonly panel: (row: T, close: () => void) => ReactNode;
}

/** A page of what waits for people: one at a time is opened beside the list, and dealt with there. */
export function Inbox<T extends Row>(props: Props<T>) {
  const { title, purpose, noun, tabs, tab, rows, query, tell, empty, panel } = props;
  const { push } = useAddress();
  const { chosen, isOpen, open, close } = usePeek(rows, noun);
  const choose = (value: string): void =>
    push({ tab: value === tabs[0]?.value ? undefined : value, sel: undefined, view: undefined });
  return (
    <Page
      title={title}
      purpose={purpose}
      controls={
        <div className={listBar['bar']}>
          <SegmentedControl size="xs" aria-label={`Which ${noun}s`} data={[...tabs]} value={tab} onChange={choose} />
          <span className="dim" aria-live="polite">
            {query.isSuccess ? `${plural(rows.length, noun)}${query.hasNextPage ? ' so far' : ''}` : ''}
          </span>
        </div>
      }
      panel={chosen && isOpen && panel(chosen, close)}
    >
      {query.isError && <Problem what={`The ${noun}s`} error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Loading what={`${noun}s`} rows={4} />}
      {query.isSuccess && rows.length === 0 && empty}
      {rows.length > 0 && (
        <div className={styles['scroll']}>
          <ul className={styles['list']} aria-label={title}>
            {rows.map((row) => (
              <li key={row.id}>
                <RowButton {...tell(row)} isCurrent={row.id === chosen?.id} onOpen={() => open(row)} />
              </li>
            ))}
          </ul>
          <More query={query} />
        </div>
      )}
    </Page>
  );
}

interface RowProps extends Told {
  readonly isCurrent: boolean;
  readonly onOpen: () => void;
}

function RowButton({ sign, title, beside, about, isCurrent, onOpen }: RowProps) {
  return (
    <button type="button" className={styles['row']} aria-current={isCurrent || undefined} onClick={onOpen}>
      <span className={styles['line']}>
        <Mark sign={sign} quiet />
        <strong className="cut">{title}</strong>
        {beside && <Mark sign={beside} quiet />}
      </span>
      <span className={styles['about']}>{about}</span>
    </button>
  );
}
