import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { dataFolder } from './attach';

/** The port, if nothing listens there; 0 asks for any free one. Undefined when it is taken. */
function ifFree(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

/** The port the server last ran on, as the server itself noted it in postmaster.opts. */
function lastPort(dir: string): number {
  const path = join(dataFolder(dir), 'postmaster.opts');
  return existsSync(path) ? Number(/"-p" "(\d+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) : 0;
}

/** The same port as the time before, so that programs which lived through a restart find the server again; else any. */
export async function choosePort(dir: string): Promise<number> {
  return (await ifFree(lastPort(dir))) ?? (await ifFree(0)) ?? 0;
}
