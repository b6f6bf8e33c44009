/**
 * Loaded before a program's own code (`--require`): its standard input ends when whoever started it is gone, and then
 * it is asked to end as well. Unreferenced, so that it keeps no program alive that has nothing left to do.
 */
const input = process.stdin as NodeJS.ReadStream & { unref?(): void };
input.resume().once('end', () => process.kill(process.pid, 'SIGTERM'));
input.unref?.();

export {};
