import { Client } from 'pg';
import { serve } from '../serve';
import { stepResult } from '../workload';

/** Durable one-row inserts, one prepared statement and one connection per loop: the yardstick beside every window. */
serve(async ({ url, concurrency }) => {
  const clients = await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]!.query('create table raw (id bigint generated always as identity primary key, body jsonb not null)');
  const values = [JSON.stringify(stepResult(1))];
  return {
    op: (loop) => clients[loop]!.query({ name: 'raw', text: 'insert into raw (body) values ($1)', values }),
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
});
