import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './paths.mjs';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end and returns its exit code (128 + n when signal n ended it). Signals sent to this process
 * are passed on, so that stopping the bootstrap stops what it started; on a terminal Ctrl-C the child gets the signal
 * twice, and treats the second within half a second as the echo it is.
 * `tie` opens a channel that closes when this process dies, however it dies.
 */
export function run(command, args, { env = {}, cwd = root, tie = false, shell = false, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const output = quiet ? 'pipe' : 'inherit';
    const stdio = ['inherit', output, output, ...(tie ? ['ipc'] : [])];
    const child = spawn(command, args, { cwd, stdio, shell, env: { ...process.env, ...env } });
    const forward = (signal) => child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const release = () => FORWARDED.forEach((signal) => process.off(signal, forward));
    const text = [];
    child.stdout?.on('data', (chunk) => text.push(chunk));
    child.stderr?.on('data', (chunk) => text.push(chunk));
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('close', (code, signal) => {
      release();
      const status = code ?? 128 + (constants.signals[signal] ?? 0);
      resolve(quiet ? { status, output: Buffer.concat(text).toString() } : status);
    });
  });
}
