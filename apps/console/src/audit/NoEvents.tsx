import { Button } from '@mantine/core';
import type { AuditAsked } from '../api/audit';
import { chips } from '../query/parts';
import { Empty } from '../ui/Empty';
import type { Search } from '../url/search';

interface Props {
  readonly asked: AuditAsked;
  readonly window: string;
  readonly push: (patch: Search) => void;
}

export function NoEvents({ asked, window, push }: Props) {
  const parts = chips(asked.q, 'audit');
  const allTime = asked.from !== 'all' && (
    <Button variant="default" onClick={() => push({ from: 'all', to: undefined })}>
      Look at all time
    </Button>
  );
  return (
    <Empty
      icon="filter"
      title={parts.length > 0 ? 'No event matches' : 'No events in this window'}
      action={
        <>
          {parts.map((part) => (
            <Button key={part.text} variant="default" onClick={() => push({ q: part.rest })}>
              Without&nbsp;<code>{part.text}</code>
            </Button>
          ))}
          {allTime}
        </>
      }
    >
      {parts.length > 0
        ? `Nothing fits the whole query in this window: ${window.toLowerCase()}.`
        : `${window}: nothing was recorded.`}
    </Empty>
  );
}
