import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { serve } from '../serve';
import { F8_BRANCHES, stepResult, W5_STEPS } from '../workload';

interface Row {
  readonly run: string;
  readonly seq: number;
  readonly body: string;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * The bare group commit: one writer, which sends whatever gathered as soon as its last batch is durable. No decision,
 * no audit, no fence; what is left when everything but the commit is taken away.
 */
serve(async ({ url, workload }) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `create table step (run_id uuid not null, seq int not null, body text not null,
       at timestamptz not null default now(), primary key (run_id, seq))`,
  );
  const text = 'insert into step (run_id, seq, body) select * from unnest($1::uuid[], $2::int[], $3::text[])';
  let waiting: Row[] = [];
  let flushing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const values = [batch.map((row) => row.run), batch.map((row) => row.seq), batch.map((row) => row.body)];
      try {
        await client.query({ name: 'steps', text, values });
        for (const row of batch) row.resolve();
      } catch (error) {
        for (const row of batch) row.reject(error);
      }
      // The resolved runs queue their next step in microtasks; let them before taking the next batch.
      await new Promise((resolve) => setImmediate(resolve));
    }
    flushing = false;
  };
  const append = (run: string, seq: number): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ run, seq, body: JSON.stringify(stepResult(seq)), resolve, reject });
      if (flushing) return;
      flushing = true;
      setImmediate(() => void flush());
    });

  const w5 = async (run: string): Promise<void> => {
    for (let seq = 0; seq < W5_STEPS; seq++) await append(run, seq);
  };
  const f8 = async (run: string): Promise<void> => {
    await Promise.all(Array.from({ length: F8_BRANCHES }, (_, seq) => append(run, seq)));
    await append(run, F8_BRANCHES);
  };
  return {
    op: () => (workload === 'f8' ? f8 : w5)(randomUUID()),
    close: () => client.end(),
  };
});
