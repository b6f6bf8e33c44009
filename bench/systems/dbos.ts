import { peer } from '../peer';
import { serve } from '../serve';
import { F8_BRANCHES, poolSize, stepResult, W5_STEPS } from '../workload';

type Result = ReturnType<typeof stepResult>;
interface Dbos {
  registerWorkflow(body: () => Promise<Result>, options: { name: string }): () => Promise<Result>;
  runStep(step: () => Promise<Result>, options: { name: string }): Promise<Result>;
  setConfig(config: object): void;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

/** DBOS Transact: one workflow of five steps, library defaults but for pool size and log level. */
serve(async ({ url, concurrency, workload }) => {
  const { DBOS } = peer<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk');
  const step = (i: number): Promise<Result> => DBOS.runStep(() => Promise.resolve(stepResult(i)), { name: `s${i}` });
  const w5 = async (): Promise<Result> => {
    let last = stepResult(-1);
    for (let i = 0; i < W5_STEPS; i++) last = await step(i);
    return last;
  };
  const f8 = async (): Promise<Result> => {
    await Promise.all(Array.from({ length: F8_BRANCHES }, (_, i) => step(i)));
    return step(F8_BRANCHES);
  };
  const last = workload === 'f8' ? F8_BRANCHES : W5_STEPS - 1;
  const run = DBOS.registerWorkflow(workload === 'f8' ? f8 : w5, { name: workload ?? 'w5' });
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabasePoolSize: Math.max(poolSize(concurrency), 5),
    logLevel: 'error',
    applicationVersion: '1',
  });
  await DBOS.launch();
  return {
    async op() {
      const ended = await run();
      if (ended.step !== last) throw new Error(`a DBOS run ended after step ${ended.step}`);
    },
    close: () => DBOS.shutdown(),
  };
});
