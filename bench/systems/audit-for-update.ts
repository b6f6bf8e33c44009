import { Client } from 'pg';
import { canonicalJson, newId, sha256Hex } from '@writ/kernel';
import { auditDraft } from '../audit/event';
import { serve } from '../serve';

/** The chain most systems have: a head row, locked, read, appended to and moved, in one transaction an event. */
serve(async ({ url, concurrency }) => {
  const clients = await Promise.all(
    Array.from({ length: concurrency }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]!.query('create table event (seq bigint primary key, body text not null, hash text not null)');
  await clients[0]!.query('create table head (id int primary key, seq bigint not null, hash text not null)');
  await clients[0]!.query(`insert into head values (1, 0, '')`);
  const [tenant, run] = [newId('tenant'), newId('run')];
  return {
    async op(loop) {
      const client = clients[loop]!;
      await client.query('begin');
      const { rows } = await client.query<{ seq: string; hash: string }>({
        name: 'head',
        text: 'select seq, hash from head where id = 1 for update',
      });
      const { seq, hash: prev } = rows[0]!;
      const body = canonicalJson({ ...auditDraft(tenant, run, Number(seq)), prev });
      const hash = sha256Hex(body);
      const values = [Number(seq) + 1, body, hash];
      await client.query({ name: 'append', text: 'insert into event (seq, body, hash) values ($1, $2, $3)', values });
      await client.query({
        name: 'move',
        text: 'update head set seq = $1, hash = $2 where id = 1',
        values: [values[0], hash],
      });
      await client.query('commit');
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
});
