import { openProducers } from '../audit/producers';
import { serve } from '../serve';

/** Evidence through the product's own commit: fenced, chained, with the journal line and the run's row beside it. */
serve(async ({ url, concurrency }) => {
  const { producers, close } = await openProducers(url, concurrency);
  return { op: (loop) => producers[loop]!.append(), close };
});
