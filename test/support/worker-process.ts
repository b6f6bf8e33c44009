import { openDatabase, openGroupCommit } from '@writ/database';
import { BullWakeUp, type FaultPoint, openEngine } from '@writ/engine';
import {
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  openAiProvider,
  readEgressRules,
  type ToolFunction,
  ToolGateway,
} from '@writ/gateways';
import { systemClock } from '@writ/kernel';
import { endWithParent } from './end-with-parent';
import type { WorkerSetup } from './crash-world';

/**
 * A worker of the crash tests, made of the product's own parts; only its tools are the test's, and its faults. It stops
 * itself where it is told to, by the signal a machine would send.
 */
const setup = JSON.parse(process.env['WRIT_CRASH_SETUP'] ?? '{}') as WorkerSetup;
let struck = false;

function strike(point: FaultPoint, step?: number): void {
  if (struck || setup.fault?.point !== point || step !== (setup.fault.step ?? step)) return;
  struck = true;
  process.kill(process.pid, setup.fault.signal);
  // A stop signal takes effect at once for the sender; hold this thread until it has.
  if (setup.fault.signal === 'SIGSTOP') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

const effect =
  (repeatable: boolean): ToolFunction =>
  async (_args, context) => {
    const response = await fetch(setup.counter, {
      method: 'POST',
      body: JSON.stringify({ key: context.idempotencyKey, repeatable }),
      signal: context.signal,
    });
    const answer: unknown = await response.json();
    strike('inside_call');
    return answer;
  };

async function main(): Promise<void> {
  const db = await openDatabase({ url: setup.url, role: 'writer', allowUnsafeDurability: true });
  const writer = await openGroupCommit(
    { url: setup.url, role: 'writer', allowUnsafeDurability: true },
    { clock: systemClock },
  );
  const origins = [new URL(setup.counter).origin, ...(setup.reaches === undefined ? [] : [setup.reaches])];
  const guard = new EgressGuard({ rules: readEgressRules(origins.map((origin) => `${origin};private`).join(' ')) });
  const engine = openEngine({
    db,
    writer,
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: new ToolGateway({
        function: functionTransport({
          open,
          functions: {
            pay: effect(false),
            note: effect(true),
            owned: effect(true),
            owner_of: () => 'user:caller',
            nothing: () => ({ ok: true }),
          },
        }),
        mcp: mcpTransport({ open, env: {} }),
        http: httpTransport({ open, env: {}, guard }),
      }),
    }),
    ...(setup.redis !== undefined && { wakeUp: new BullWakeUp(setup.redis) }),
    options: { concurrency: setup.concurrency ?? 16, heartbeatMs: 200, sweepMs: 200, mailMs: 100 },
    build: 'crash-test',
    // Often: whoever takes a killed worker's run over then begins at a snapshot.
    snapshotEvery: 10,
    faults: { at: (point, { step }) => strike(point, step) },
  });
  await engine.start();
  process.once('SIGTERM', () => {
    void engine
      .close(5_000)
      .then(() => Promise.all([writer.close(), db.close()]))
      .then(() => process.exit(0));
  });
  process.stdout.write(`${engine.workerId}\n`);
}

endWithParent();
void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
