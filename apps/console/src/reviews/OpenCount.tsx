import { Waiting } from '../ui/Waiting';
import { useOpen } from './useReviews';

export function OpenCount() {
  const { data = 0 } = useOpen();
  return <Waiting count={data} words="for you to look at" />;
}
