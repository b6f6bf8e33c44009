// Stops the test cluster and removes its files when the run that started it ends, also when that run is killed: it
// holds the other end of this process's standard input. Called with the server's process id and the folder.
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [pid, dir] = process.argv.slice(2);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));

// An immediate shutdown: nobody will read these files again.
const reached = (signal) => {
  try {
    return process.kill(Number(pid), signal);
  } catch {
    return false;
  }
};
reached('SIGQUIT');
for (let waited = 0; reached(0) && waited < 10_000; waited += 20) await sleep(20);
rmSync(dir, { recursive: true, force: true });
