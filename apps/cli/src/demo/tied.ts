/** Long enough to close what is open; whoever waits longer waits for something that is gone as well. */
const LAST_WORDS_MS = 5_000;

/**
 * Loaded before a program's own code (`--require`): its standard input ends when whoever started it is gone, and then
 * it is asked to end as well, and made to. Unreferenced, so that it keeps no program alive that has nothing left to do.
 */
const input = process.stdin as NodeJS.ReadStream & { unref?(): void };
input.resume().once('end', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_WORDS_MS).unref();
});
input.unref?.();

export {};
