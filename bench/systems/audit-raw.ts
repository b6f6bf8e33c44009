import { Client } from 'pg';
import { canonicalJson, newId } from '@writ/kernel';
import { auditDraft } from '../audit/event';
import { serve } from '../serve';

/** Durable one-row inserts of the same events, unchained: one prepared statement and one connection a producer. */
serve(async ({ url, concurrency }) => {
  const clients = await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]!.query(
    'create table event (id bigint generated always as identity primary key, body jsonb not null)',
  );
  const [tenant, run] = [newId('tenant'), newId('run')];
  let step = 0;
  return {
    op: (loop) => {
      const values = [canonicalJson(auditDraft(tenant, run, step++))];
      return clients[loop]!.query({ name: 'raw', text: 'insert into event (body) values ($1)', values });
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
});
