import { startEmbeddedPostgres } from '@writ/database';

/** A process that starts the private Postgres of a folder, says which, and lives until it is killed. */
async function main(): Promise<void> {
  const cluster = await startEmbeddedPostgres({ dir: process.argv[2]! });
  process.stdout.write(`${JSON.stringify({ pid: cluster.pid, url: cluster.url, attached: cluster.attached })}\n`);
  setInterval(() => undefined, 60_000);
}

void main().catch((error: unknown) => {
  process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  process.exit(1);
});
