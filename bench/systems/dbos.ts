import { peer } from '../peer';
import { serve } from '../serve';
import { poolSize, stepResult, W5_STEPS } from '../workload';

type Result = ReturnType<typeof stepResult>;
interface Dbos {
  registerWorkflow(body: () => Promise<Result>, options: { name: string }): () => Promise<Result>;
  runStep(step: () => Promise<Result>, options: { name: string }): Promise<Result>;
  setConfig(config: object): void;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

/** DBOS Transact: one workflow of five steps, library defaults but for pool size and log level. */
serve(async ({ url, concurrency }) => {
  const { DBOS } = peer<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk');
  const body = async (): Promise<Result> => {
    let last = stepResult(-1);
    for (let i = 0; i < W5_STEPS; i++) {
      last = await DBOS.runStep(() => Promise.resolve(stepResult(i)), { name: `s${i}` });
    }
    return last;
  };
  const w5 = DBOS.registerWorkflow(body, { name: 'w5' });
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
      const { step } = await w5();
      if (step !== W5_STEPS - 1) throw new Error(`a DBOS run ended after step ${step}`);
    },
    close: () => DBOS.shutdown(),
  };
});
