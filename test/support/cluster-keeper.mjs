// Stops a server and removes its files when the run that started it ends, also when that run is killed: it holds the
// other end of this process's standard input. Called with the server's process id and the folder; for a cluster that may
// be started again meanwhile, `-` in place of the id.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [given, dir] = process.argv.slice(2);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('close', resolve));

const pid = given === '-' ? postmasterOf(dir) : Number(given);
// An immediate shutdown: nobody will read these files again.
const reached = (signal) => {
  try {
    return pid > 0 && process.kill(pid, signal);
  } catch {
    return false;
  }
};
reached('SIGQUIT');
for (let waited = 0; reached(0) && waited < 10_000; waited += 20) await sleep(20);
rmSync(dir, { recursive: true, force: true });

function postmasterOf(folder) {
  try {
    return Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return 0;
  }
}
