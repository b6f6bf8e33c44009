import { peer } from '../peer';
import { serve } from '../serve';
import { poolSize } from '../workload';
import { memoryOfWaiting } from './memory';

interface Dbos {
  registerWorkflow(body: () => Promise<unknown>, options: { name: string }): () => Promise<unknown>;
  startWorkflow(workflow: () => Promise<unknown>): () => Promise<unknown>;
  recv(topic: string, seconds: number): Promise<unknown>;
  setConfig(config: object): void;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

/** DBOS: a workflow that waits for a message. */
serve(async ({ url, concurrency, waiting = 1_000 }) => {
  const { DBOS } = peer<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk');
  const waits = DBOS.registerWorkflow(() => DBOS.recv('go', 3_600), { name: 'waits' });
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: Math.max(poolSize(concurrency), 5),
    logLevel: 'error',
    applicationVersion: '1',
  });
  await DBOS.launch();
  const begin = (): Promise<unknown> => DBOS.startWorkflow(waits)();
  return { op: begin, figures: () => memoryOfWaiting(waiting, begin), close: () => DBOS.shutdown() };
});
