import { spawn } from 'node:child_process';
import { join } from 'node:path';

const HERE = join(__dirname, '..', '..');
const KEEPER = join(HERE.endsWith('dist') ? join(HERE, '..') : HERE, 'test', 'support', 'cluster-keeper.mjs');

/**
 * Has a server stopped and its folder removed when this process is gone, however it went: a test that was killed leaves
 * nothing behind. `cluster`: whichever server leads that folder by then. Answers what ends the keeping, for whoever has
 * stopped the server in good order.
 */
export function keep(dir: string, server: number | 'cluster'): () => void {
  const keeper = spawn(process.execPath, [KEEPER, server === 'cluster' ? '-' : String(server), dir], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  keeper.unref();
  (keeper.stdin as { unref?: () => void }).unref?.();
  return () => void keeper.kill('SIGKILL');
}
