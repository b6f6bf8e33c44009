import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { pinnedNode } from './paths.mjs';
import { run } from './process.mjs';
import { plainError } from './say.mjs';

// Jest 30 loads ESM-only packages on 24.9 and later only; `engines` says 24.11.
const NEEDED = [24, 11];
const MARK = 'WRIT_RUNTIME';

export function isRecent(version, [major, minor] = NEEDED) {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** Null when this process already runs on a recent Node; otherwise the exit code of the same command on the pinned one. */
export async function ensureRuntime() {
  if (isRecent(process.versions.node)) {
    stopWithParent();
    return null;
  }
  const { folder, binary } = pinnedNode();
  const needed = NEEDED.join('.');
  if (process.env[MARK]) {
    throw plainError(
      `the pinned runtime ${binary} is Node ${process.versions.node}, but ${needed} or newer is needed. Delete node_modules and run the command again.`,
    );
  }
  if (!existsSync(binary)) {
    throw plainError(
      `Node ${needed} or newer is needed and this is ${process.versions.node}. No pinned runtime exists for ` +
        `${process.platform}-${process.arch}: install Node 24 and run the command again.`,
    );
  }
  const path = `${folder}${delimiter}${process.env.PATH ?? ''}`;
  return run(binary, process.argv.slice(1), { env: { [MARK]: binary, PATH: path }, tie: true });
}

/** The process above ended without passing a signal on (it was killed): end as if asked to, instead of living on unseen. */
function stopWithParent() {
  if (!process.channel) return;
  process.channel.unref();
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
