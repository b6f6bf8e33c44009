import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { serve } from '../serve';
import { poolSize, stepResult, W5_STEPS } from '../workload';

/** One INSERT and commit a step, nothing governed: the least a journal without group commit pays. */
serve(async ({ url, concurrency }) => {
  const pool = new Pool({ connectionString: url, max: poolSize(concurrency) });
  await pool.query(
    `create table step (run_id uuid not null, seq int not null, body jsonb not null,
       at timestamptz not null default now(), primary key (run_id, seq))`,
  );
  const text = 'insert into step (run_id, seq, body) values ($1, $2, $3)';
  return {
    async op() {
      const run = randomUUID();
      for (let seq = 0; seq < W5_STEPS; seq++) {
        await pool.query({ name: 'step', text, values: [run, seq, JSON.stringify(stepResult(seq))] });
      }
    },
    close: () => pool.end(),
  };
});
