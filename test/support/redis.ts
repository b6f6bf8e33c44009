import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { bring } from './installed';
import { keep } from './keep';

export interface PrivateRedis {
  readonly url: string;
  /** Runs one command with redis-cli, as an operator would. */
  command(...words: string[]): string;
  stop(): Promise<void>;
}

export const redisAvailable = (): boolean => bring(['redis-server'], ['redis-server']) !== null;

/**
 * `describe` when Redis can be had. Elsewhere the suite is skipped loudly, and in CI its absence is a failure: a shape of
 * the product would go untested.
 */
export function describeWithRedis(name: string, suite: () => void): void {
  if (redisAvailable()) {
    describe(name, suite);
    return;
  }
  if (process.env['CI'] === 'true') {
    it(`${name}: redis-server must be here`, () => {
      throw new Error('redis-server is not on PATH and could not be installed');
    });
    return;
  }
  console.warn(`SKIPPED: ${name}: no redis-server on PATH; install it to run this suite`);
  describe.skip(name, suite);
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

export async function startRedis(): Promise<PrivateRedis> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'writ-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const letGo = keep(dir, child.pid ?? 0);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const command = (...words: string[]): string =>
    execFileSync('redis-cli', ['-p', String(port), ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  for (let tries = 0; ; tries++) {
    try {
      if (command('PING').trim() === 'PONG') break;
    } catch (error) {
      if (tries > 200) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    command,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
      letGo();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
