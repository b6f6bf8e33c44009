import { KeyRing, type LogFaultPoint, OutsideCheckpoints, Sequencer } from '@writ/audit';
import { openDatabase } from '@writ/database';
import { endWithParent } from './end-with-parent';
import type { SequencerSetup } from './log-world';

/**
 * A sequencer of the crash tests in a process of its own. It strikes itself, by the signal a machine would send, when it
 * reaches a point for the n-th time.
 */
const setup = JSON.parse(process.env['WRIT_CRASH_SETUP'] ?? '{}') as SequencerSetup;
let reached = 0;

function at(point: LogFaultPoint): void {
  if (setup.fault?.point !== point) return;
  reached += 1;
  if (reached !== setup.fault.time) return;
  process.kill(process.pid, setup.fault.signal);
  // A stop signal takes effect at once for the sender; hold this thread until it has.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

async function main(): Promise<void> {
  const db = await openDatabase({
    url: setup.url,
    role: 'sequencer',
    poolSize: 2,
    allowUnsafeDurability: true,
    idleInTransactionMs: 1_000,
  });
  const sequencer = new Sequencer({
    db,
    ring: new KeyRing({ file: setup.keyFile }),
    outside: new OutsideCheckpoints(setup.checkpoints),
    options: { lookMs: 10, roundMs: 20, beatMs: 200, standByMs: 50 },
    faults: { at },
    ...(setup.units !== undefined && { units: setup.units }),
  });
  sequencer.start();
  process.stdout.write('started\n');
}

endWithParent();
void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
