import { Client } from 'pg';
import { canonicalJson, newId, sha256Hex } from '@writ/kernel';
import { auditDraft } from '../audit/event';
import { serve } from '../serve';

/** The same chain under an advisory lock, its head found as the last row. */
serve(async ({ url, concurrency }) => {
  const clients = await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]!.query('create table event (seq bigint primary key, body text not null, hash text not null)');
  const [tenant, run] = [newId('tenant'), newId('run')];
  return {
    async op(loop) {
      const client = clients[loop]!;
      await client.query('begin');
      await client.query({ name: 'lock', text: 'select pg_advisory_xact_lock(1)' });
      const { rows } = await client.query<{ seq: string; hash: string }>({
        name: 'last',
        text: 'select seq, hash from event order by seq desc limit 1',
      });
      const { seq = '0', hash: prev = '' } = rows[0] ?? {};
      const body = canonicalJson({ ...auditDraft(tenant, run, Number(seq)), prev });
      const values = [Number(seq) + 1, body, sha256Hex(body)];
      await client.query({ name: 'append', text: 'insert into event (seq, body, hash) values ($1, $2, $3)', values });
      await client.query('commit');
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
});
