import type { ChildProcess } from 'node:child_process';

let keeper: ChildProcess | null = null;

/** Set-up and tear-down run in one process and share this module. */
export function holdCluster(held: ChildProcess): void {
  keeper = held;
}

/** Lets the keeper stop the server and remove its files; resolves when both are gone. */
export async function letClusterGo(): Promise<void> {
  const held = keeper;
  if (!held) return;
  await new Promise((resolve) => {
    held.once('exit', resolve);
    held.stdin!.end();
  });
}
