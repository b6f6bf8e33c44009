import { openDatabase, openGroupCommit } from '@writ/database';
import { openEngine } from '@writ/engine';
import { mcpTransport, openAiProvider } from '@writ/gateways';
import { systemClock } from '@writ/kernel';

/**
 * One worker of the example as a process of its own: the engine between a database and the doors to the model and the
 * shop. Any number may run beside each other; killing one loses nothing. Prints its id when it leads.
 *
 * WRIT_OWNER_URL: the database   WRIT_UNSAFE: `1` for a test cluster that does not flush to disk
 */
async function main(): Promise<void> {
  const url = process.env['WRIT_OWNER_URL'] ?? '';
  const config = { url, role: 'writer', allowUnsafeDurability: process.env['WRIT_UNSAFE'] === '1' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db,
    writer,
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: mcpTransport({ open, env: process.env }),
    }),
    // A run is started by another process, and no Redis rings here: the sweep is how it is found.
    options: { concurrency: 16, heartbeatMs: 1_000, sweepMs: 100, mailMs: 250 },
    build: 'retail-example',
  });
  await engine.start();
  const stop = (): void => {
    void engine
      .close(5_000)
      .then(() => Promise.all([writer.close(), db.close()]))
      .then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // The driver's end is this worker's end, also when the driver was killed.
  process.stdin.resume().once('end', stop);
  process.stdout.write(`${engine.workerId}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`retail worker: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
