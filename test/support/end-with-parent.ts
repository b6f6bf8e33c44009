/**
 * Ends this process when the one that spawned it is gone, however it went: its end of the pipe closes. Does not keep the
 * process alive by itself.
 */
export function endWithParent(): void {
  const { stdin } = process;
  stdin.once('end', () => process.exit(1));
  stdin.once('error', () => process.exit(1));
  stdin.resume();
  (stdin as { unref?: () => void }).unref?.();
}
