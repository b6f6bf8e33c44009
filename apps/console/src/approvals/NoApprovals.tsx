import { Button } from '@mantine/core';
import { chips } from '../query/parts';
import { Empty } from '../ui/Empty';
import type { Search } from '../url/search';
import type { ApprovalsAsked } from './queues';

interface Props {
  readonly asked: ApprovalsAsked;
  readonly push: (patch: Search) => void;
}

/** Nothing here: because nothing waits, or because of a part of the query. */
export function NoApprovals({ asked, push }: Props) {
  const parts = chips(asked.q, 'approvals');
  if (parts.length > 0) {
    return (
      <Empty
        icon="filter"
        title="No request matches"
        action={parts.map((part) => (
          <Button key={part.text} variant="default" onClick={() => push({ q: part.rest })}>
            Without&nbsp;<code>{part.text}</code>
          </Button>
        ))}
      >
        Nothing in this queue fits the whole query.
      </Empty>
    );
  }
  if (asked.tab === 'mine') {
    return (
      <Empty
        icon="check"
        title="Nothing waits for you"
        action={
          <Button variant="default" onClick={() => push({ tab: 'open' })}>
            What others are asked
          </Button>
        }
      >
        When the policy asks before an agent acts, and you may decide, the request appears here as it happens.
      </Empty>
    );
  }
  return (
    <Empty icon="hand" title={asked.tab === 'open' ? 'Nobody is asked anything' : 'Nothing was settled yet'}>
      A rule with the obligation <code>require_approval</code> makes the policy ask people before an act. Each request
      shows what is asked, why, and who may decide.
    </Empty>
  );
}
