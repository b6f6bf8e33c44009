import { Waiting } from '../ui/Waiting';
import { useWaiting } from './useWaiting';

export function WaitingCount() {
  const { data } = useWaiting();
  return <Waiting count={data?.waiting_on_me ?? 0} atLeast={data?.at_least ?? false} words="waiting for you" />;
}
