import { Button } from '@mantine/core';

interface Props {
  /** What an infinite query says of its next page. */
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    fetchNextPage(): Promise<unknown>;
  };
}

/** Fetches the next page of a list; nothing where there is none. */
export function More({ query }: Props) {
  if (!query.hasNextPage) return null;
  return (
    <Button variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      Show more
    </Button>
  );
}
