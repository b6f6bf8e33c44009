import { peer } from '../peer';
import { serve } from '../serve';
import { poolSize } from '../workload';
import { memoryOfWaiting } from './memory';

interface Workflow {
  then(step: unknown): Workflow;
  commit(): Workflow;
  createRun(): Promise<{ start(input: { inputData: object }): Promise<{ status: string }> }>;
}
interface Workflows {
  createWorkflow(options: object): Workflow;
  createStep(options: object): unknown;
}

/** Mastra: one step that suspends. */
serve(async ({ url, concurrency, waiting = 1_000 }) => {
  const { Mastra } = peer<{ Mastra: new (options: object) => { getWorkflow(name: string): Workflow } }>('@mastra/core');
  const { createStep, createWorkflow } = peer<Workflows>('@mastra/core/workflows');
  const { PostgresStore } = peer<{
    PostgresStore: new (options: object) => { init(): Promise<void>; close(): Promise<void> };
  }>('@mastra/pg');
  const { z } = peer<{ z: { any(): unknown } }>('zod');
  const schema = z.any();
  const storage = new PostgresStore({ id: 'bench', connectionString: url, max: poolSize(concurrency) });
  await storage.init();
  const step = createStep({
    id: 'pause',
    inputSchema: schema,
    outputSchema: schema,
    suspendSchema: schema,
    resumeSchema: schema,
    execute: ({ suspend }: { suspend: (payload: object) => Promise<unknown> }) => suspend({}),
  });
  const definition = createWorkflow({ id: 'waits', inputSchema: schema, outputSchema: schema }).then(step);
  definition.commit();
  const mastra = new Mastra({ workflows: { waits: definition }, storage, logger: false });
  const workflow = mastra.getWorkflow('waits');
  const begin = async (): Promise<void> => {
    const run = await workflow.createRun();
    const { status } = await run.start({ inputData: {} });
    if (status !== 'suspended') throw new Error(`a Mastra run is ${status}, not suspended`);
  };
  return { op: begin, figures: () => memoryOfWaiting(waiting, begin), close: () => storage.close() };
});
