import { isMainThread } from 'node:worker_threads';

/** Long enough to close what is open; whoever waits longer waits for something that is gone as well. */
const LAST_WORDS_MS = 5_000;

/**
 * Loaded before a program's own code (`--require`): its standard input ends when whoever started it is gone, and then
 * it is asked to end as well, and made to. Unreferenced, so that it keeps no program alive that has nothing left to do.
 * Threads load it too, and have an input of their own that is over from the beginning: it says nothing.
 */
if (isMainThread) {
  const input = process.stdin as NodeJS.ReadStream & { unref?(): void };
  input.resume().once('end', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORDS_MS).unref();
  });
  input.unref?.();
}

export {};
