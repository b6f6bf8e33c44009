import { openProducers } from '../audit/producers';
import { serve } from '../serve';

/** Two events a unit, as the engine writes them: the outcome of the step before and the decision on the next. */
serve(async ({ url, concurrency }) => {
  const { producers, close } = await openProducers(url, concurrency);
  return { op: (loop) => producers[loop]!.append(2), close };
});
