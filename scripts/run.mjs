// The one entry behind every npm script. Plain ESM without dependencies, valid on Node 18: it must run before
// anything is installed. It installs what the lock file names, moves to the pinned runtime, then runs the task.
import { ensureInstalled } from './install.mjs';
import { ensureRuntime } from './runtime.mjs';
import { say } from './say.mjs';

const [task = 'start', ...rest] = process.argv.slice(2);

try {
  await ensureInstalled();
  const elsewhere = await ensureRuntime();
  if (elsewhere === null) {
    const { runTask } = await import('./tasks.mjs');
    const code = await runTask(task, rest);
    // The CLI tasks answer null: they live on in this process and set its exit code themselves.
    if (code !== null) process.exitCode = code;
  } else {
    process.exitCode = elsewhere;
  }
} catch (error) {
  say(error.plain ? error.message : (error.stack ?? String(error)));
  process.exitCode = 1;
}
