// Before anything it instruments is loaded.
import './telemetry';
import { logger, productVersion } from '@writ/telemetry';
import { telemetry } from './telemetry';
import { readEnvironment } from './environment';
import { startWorker } from './start-worker';

const log = logger('worker-app');
/**
 * Draining takes ten seconds at most, and every connection a few more to close. Past this the process ends as it is: the
 * leases run out by themselves, and a supervisor that waits for it would only kill it.
 */
const LONGEST_STOP_MS = 30_000;

async function main(): Promise<void> {
  const environment = readEnvironment();
  const build = productVersion();
  const worker = await startWorker({ ...environment, env: process.env, build });
  log.info({ worker: worker.engine.workerId, doorbell: environment.redisUrl ? 'redis' : 'sweeper', build }, 'leading');

  let asked = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (asked) return;
    asked = true;
    log.info({ signal }, 'draining');
    setTimeout(() => {
      log.error({ after_ms: LONGEST_STOP_MS }, 'closing takes too long; the leases run out by themselves');
      process.exit(1);
    }, LONGEST_STOP_MS).unref();
    worker
      .close()
      .then(() => telemetry.shutdown())
      .catch(async (error: unknown) => {
        log.error({ error }, 'closing failed; the leases run out by themselves');
        await telemetry.shutdown();
        // What could not be closed may keep the process alive for ever.
        process.exit(1);
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  log.fatal({ error }, 'the worker could not start');
  process.exitCode = 1;
});
