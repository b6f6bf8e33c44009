import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { peer } from '../peer';
import { serve } from '../serve';
import { F8_BRANCHES, poolSize, stepResult, W5_STEPS } from '../workload';

type Result = ReturnType<typeof stepResult>;
interface State {
  readonly last: Result | null;
}
interface Graph {
  addNode(name: string, node: () => Promise<State>): Graph;
  addEdge(from: string | readonly string[], to: string): Graph;
  compile(options: { checkpointer: unknown }): { invoke(input: object, options: object): Promise<State> };
}
interface LangGraph {
  readonly START: string;
  readonly END: string;
  readonly StateGraph: new (state: unknown) => Graph;
  readonly Annotation: ((channel: object) => unknown) & { Root(channels: object): unknown };
}
interface Checkpoints {
  readonly PostgresSaver: new (pool: Pool) => { setup(): Promise<void> };
}

/** LangGraph with its Postgres checkpointer, `durability: sync`: each of the five nodes is durable before the next. */
serve(async ({ url, concurrency, workload }) => {
  const { Annotation, END, START, StateGraph } = peer<LangGraph>('@langchain/langgraph');
  const { PostgresSaver } = peer<Checkpoints>('@langchain/langgraph-checkpoint-postgres');
  const pool = new Pool({ connectionString: url, max: poolSize(concurrency) });
  const checkpointer = new PostgresSaver(pool);
  await checkpointer.setup();
  // Of branches that end together, the last counts.
  const newest = (_before: unknown, after: unknown): unknown => after;
  let graph = new StateGraph(Annotation.Root({ last: Annotation({ reducer: newest, default: () => null }) }));
  const end = workload === 'f8' ? F8_BRANCHES : W5_STEPS - 1;
  for (let i = 0; i <= end; i++) graph = graph.addNode(`s${i}`, () => Promise.resolve({ last: stepResult(i) }));
  if (workload === 'f8') {
    const branches = Array.from({ length: F8_BRANCHES }, (_, i) => `s${i}`);
    for (const branch of branches) graph = graph.addEdge(START, branch);
    graph = graph.addEdge(branches, `s${F8_BRANCHES}`);
  } else {
    for (let i = 0; i < W5_STEPS; i++) graph = graph.addEdge(i === 0 ? START : `s${i - 1}`, `s${i}`);
  }
  const app = graph.addEdge(`s${end}`, END).compile({ checkpointer });
  return {
    async op() {
      const { last } = await app.invoke({}, { configurable: { thread_id: randomUUID() }, durability: 'sync' });
      if (last?.step !== end) throw new Error('a LangGraph run did not reach its last node');
    },
    close: () => pool.end(),
  };
});
