import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { peer } from '../peer';
import { serve } from '../serve';
import { poolSize } from '../workload';
import { memoryOfWaiting } from './memory';

interface Graph {
  addNode(name: string, node: () => object): Graph;
  addEdge(from: string, to: string): Graph;
  compile(options: { checkpointer: unknown }): { invoke(input: object, options: object): Promise<object> };
}
interface LangGraph {
  readonly START: string;
  readonly END: string;
  readonly StateGraph: new (state: unknown) => Graph;
  readonly Annotation: ((channel: object) => unknown) & { Root(channels: object): unknown };
  interrupt(value: object): unknown;
}

/** LangGraph: a node that interrupts. */
serve(async ({ url, concurrency, waiting = 1_000 }) => {
  const { Annotation, END, START, StateGraph, interrupt } = peer<LangGraph>('@langchain/langgraph');
  const { PostgresSaver } = peer<{ PostgresSaver: new (pool: Pool) => { setup(): Promise<void> } }>(
    '@langchain/langgraph-checkpoint-postgres',
  );
  const pool = new Pool({ connectionString: url, max: poolSize(concurrency) });
  const checkpointer = new PostgresSaver(pool);
  await checkpointer.setup();
  const newest = (_before: unknown, after: unknown): unknown => after;
  const state = Annotation.Root({ last: Annotation({ reducer: newest, default: () => null }) });
  const app = new StateGraph(state)
    .addNode('pause', () => ({ last: interrupt({}) }))
    .addEdge(START, 'pause')
    .addEdge('pause', END)
    .compile({ checkpointer });
  const begin = async (): Promise<void> => {
    const ended = await app.invoke({}, { configurable: { thread_id: randomUUID() }, durability: 'sync' });
    if (!('__interrupt__' in ended)) throw new Error('a LangGraph run did not wait');
  };
  return { op: begin, figures: () => memoryOfWaiting(waiting, begin), close: () => pool.end() };
});
