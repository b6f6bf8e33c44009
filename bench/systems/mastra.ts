import { peer } from '../peer';
import { serve } from '../serve';
import { F8_BRANCHES, poolSize, stepResult, W5_STEPS } from '../workload';

interface Workflow {
  then(step: unknown): Workflow;
  parallel(steps: readonly unknown[]): Workflow;
  commit(): Workflow;
  createRun(): Promise<{ start(input: { inputData: object }): Promise<{ status: string }> }>;
}
interface Workflows {
  createWorkflow(options: { id: string; inputSchema: unknown; outputSchema: unknown }): Workflow;
  createStep(options: {
    id: string;
    inputSchema: unknown;
    outputSchema: unknown;
    execute: () => Promise<object>;
  }): unknown;
}
interface Store {
  init(): Promise<void>;
  close(): Promise<void>;
}

/** Mastra workflows on its Postgres store: five steps, library defaults but for pool size and logging. */
serve(async ({ url, concurrency, workload }) => {
  const { Mastra } = peer<{
    Mastra: new (options: object) => { getWorkflow(name: string): Workflow };
  }>('@mastra/core');
  const { createStep, createWorkflow } = peer<Workflows>('@mastra/core/workflows');
  const { PostgresStore } = peer<{ PostgresStore: new (options: object) => Store }>('@mastra/pg');
  const { z } = peer<{ z: { any(): unknown } }>('zod');
  const schema = z.any();

  const storage = new PostgresStore({ id: 'bench', connectionString: url, max: poolSize(concurrency) });
  await storage.init();
  let definition = createWorkflow({ id: 'w5', inputSchema: schema, outputSchema: schema });
  const step = (i: number): unknown => {
    const execute = () => Promise.resolve(stepResult(i));
    return createStep({ id: `s${i}`, inputSchema: schema, outputSchema: schema, execute });
  };
  if (workload === 'f8') {
    const branches = Array.from({ length: F8_BRANCHES }, (_, i) => step(i));
    definition = definition.parallel(branches).then(step(F8_BRANCHES));
  } else {
    for (let i = 0; i < W5_STEPS; i++) definition = definition.then(step(i));
  }
  definition.commit();
  const mastra = new Mastra({ workflows: { w5: definition }, storage, logger: false });
  const workflow = mastra.getWorkflow('w5');
  return {
    async op() {
      const run = await workflow.createRun();
      const { status } = await run.start({ inputData: {} });
      if (status !== 'success') throw new Error(`a Mastra run ended as ${status}`);
    },
    close: () => storage.close(),
  };
});
