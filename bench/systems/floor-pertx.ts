import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { serve } from '../serve';
import { F8_BRANCHES, poolSize, stepResult, W5_STEPS } from '../workload';

/** One INSERT and commit a step, nothing governed: the least a journal without group commit pays. */
serve(async ({ url, concurrency, workload }) => {
  const pool = new Pool({ connectionString: url, max: poolSize(concurrency) });
  await pool.query(
    `create table step (run_id uuid not null, seq int not null, body jsonb not null,
       at timestamptz not null default now(), primary key (run_id, seq))`,
  );
  const text = 'insert into step (run_id, seq, body) values ($1, $2, $3)';
  const step = (run: string, seq: number): Promise<unknown> =>
    pool.query({ name: 'step', text, values: [run, seq, JSON.stringify(stepResult(seq))] });
  const w5 = async (run: string): Promise<void> => {
    for (let seq = 0; seq < W5_STEPS; seq++) await step(run, seq);
  };
  const f8 = async (run: string): Promise<void> => {
    await Promise.all(Array.from({ length: F8_BRANCHES }, (_, seq) => step(run, seq)));
    await step(run, F8_BRANCHES);
  };
  return {
    op: () => (workload === 'f8' ? f8 : w5)(randomUUID()),
    close: () => pool.end(),
  };
});
