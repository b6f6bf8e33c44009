import 'reflect-metadata';
// Before anything it instruments is loaded.
import './telemetry';
import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, openEngine } from '@writ/engine';
import { systemClock } from '@writ/kernel';
import { logger, productVersion } from '@writ/telemetry';
import { telemetry } from './telemetry';
import { createControlPlane } from './create';
import { readEnvironment } from './environment';

const log = logger('control-plane');

/** The engine of this process takes commands only: it leads no run, so nothing may go out through it. */
const noDoor = (): never => {
  throw new Error('the control plane leads no runs and has no doors');
};

async function main(): Promise<void> {
  const environment = readEnvironment();
  const version = productVersion();
  const config = { url: environment.databaseUrl, role: 'writer', applicationName: 'writ-control-plane' } as const;
  const database = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const engine = openEngine({
    db: database,
    writer,
    doors: () => ({ models: { complete: noDoor }, tools: { invoke: noDoor, close: () => Promise.resolve() } }),
    leads: false,
    build: version,
    ...(environment.redisUrl === null ? {} : { wakeUp: new BullWakeUp(environment.redisUrl) }),
  });
  await engine.start();
  const { authority, commands, queries, approvals, questions, live, triggers, batches } = engine;
  const app = await createControlPlane({
    database,
    authority,
    commands,
    queries,
    approvals,
    questions,
    live,
    triggers,
    batches,
    version,
    authzenDrafts: environment.authzenDrafts,
    ...(environment.trustedProxies === null ? {} : { trustedProxies: environment.trustedProxies }),
    ...(environment.cursorSecret === null ? {} : { cursorSecret: environment.cursorSecret }),
  });
  await app.listen(environment.port, environment.host);
  log.info({ url: await app.getUrl(), version }, 'listening');

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    // Requests under way are answered first; then nothing uses what they stood on.
    await app.close();
    await engine.close();
    await writer.close();
    await database.close();
    await telemetry.shutdown();
  };
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'closing');
    closing ??= close().catch((error: unknown) => {
      log.error({ error }, 'closing failed');
      process.exitCode = 1;
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  log.fatal({ error }, 'the control plane could not start');
  process.exitCode = 1;
});
