import { Button } from '@mantine/core';
import type { RunsAsked } from '../api/runs';
import { chips } from '../query/parts';
import { Empty } from '../ui/Empty';
import type { Search } from '../url/search';

interface Props {
  readonly asked: RunsAsked;
  /** The window in words. */
  readonly window: string;
  readonly push: (patch: Search) => void;
}

/** No runs: because there are none, because of the window, or because of a part of the query; each with its way out. */
export function NoRuns({ asked, window, push }: Props) {
  const parts = chips(asked.q, 'runs');
  const allTime = (
    <Button variant="default" onClick={() => push({ from: 'all', to: undefined })}>
      Look at all time
    </Button>
  );
  if (parts.length > 0) {
    return (
      <Empty
        icon="filter"
        title="No run matches"
        action={
          <>
            {parts.map((part) => (
              <Button key={part.text} variant="default" onClick={() => push({ q: part.rest })}>
                Without&nbsp;<code>{part.text}</code>
              </Button>
            ))}
            {asked.from !== 'all' && allTime}
          </>
        }
      >
        Nothing fits the whole query in this window: {window.toLowerCase()}.
      </Empty>
    );
  }
  if (asked.from !== 'all') {
    return (
      <Empty icon="clock" title="No runs in this window" action={allTime}>
        {window}: nothing was started.
      </Empty>
    );
  }
  return (
    <Empty icon="runs" title="No runs yet" command="npm run demo">
      A run is one execution of a workflow: every step, every decision and every wait of it appears here as it happens.
      The demo makes some in a minute; it needs no model and no network.
    </Empty>
  );
}
