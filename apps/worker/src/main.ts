import { telemetry } from './telemetry';
import { logger, productVersion } from '@writ/telemetry';
import { readEnvironment } from './environment';
import { startWorker } from './start-worker';

const log = logger('worker-app');

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
    worker
      .close()
      .then(() => telemetry.shutdown())
      .catch((error: unknown) => {
        log.error({ error }, 'closing failed; the leases run out by themselves');
        process.exitCode = 1;
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  log.fatal({ error }, 'the worker could not start');
  process.exitCode = 1;
});
