import { Waiting } from '../ui/Waiting';
import { useAsked } from './useQuestions';

export function AskedCount() {
  const { data = 0 } = useAsked();
  return <Waiting count={data} words="for you to answer" />;
}
