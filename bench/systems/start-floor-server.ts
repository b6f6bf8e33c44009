import fastify from 'fastify';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';

/** Answers each POST once its row is durable. */
async function main(url: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 16 });
  await pool.query(
    'create table run (id uuid primary key, body jsonb not null, at timestamptz not null default now())',
  );
  const app = fastify();
  app.post('/runs', async (request, reply) => {
    const id = randomUUID();
    const text = 'insert into run (id, body) values ($1, $2)';
    await pool.query({ name: 'run', text, values: [id, JSON.stringify(request.body)] });
    return reply.code(201).send({ id });
  });
  process.send?.(await app.listen({ port: 0, host: '127.0.0.1' }));
}

if (require.main === module) void main(process.argv[2]!);
