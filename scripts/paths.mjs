import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const at = (...parts) => join(root, ...parts);

/** Where the npm package `node-<os>-<arch>` puts its binary; npm 10 does not link it into `.bin`, so it is used by path. */
export function pinnedNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const folder = at('node_modules', `node-${os}-${process.arch}`, 'bin');
  return { folder, binary: join(folder, os === 'win' ? 'node.exe' : 'node') };
}
