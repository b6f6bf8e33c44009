import { Link } from '@tanstack/react-router';
import { Empty } from '../ui/Empty';

export function NotFound() {
  return (
    <Empty icon="search" title="There is no such page" action={<Link to="/runs">To the runs</Link>}>
      The address leads nowhere. To find a run, a decision or an event by its id, paste it into the box above.
    </Empty>
  );
}
