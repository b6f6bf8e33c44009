import { openProducers } from '../audit/producers';
import { serve } from '../serve';
import { openSealing } from './sealing';

/** The same while the sequencer seals it, in this process, as in a worker. */
serve(async ({ url, concurrency }) => {
  const { db, producers, close } = await openProducers(url, concurrency);
  const sealing = await openSealing(url, db);
  return {
    op: (loop) => producers[loop]!.append(),
    async close() {
      await sealing.close();
      await close();
    },
  };
});
