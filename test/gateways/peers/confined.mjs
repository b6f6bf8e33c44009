// Functions that a test runs confined: each reaches for something, or uses too much of it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { Worker } from 'node:worker_threads';

export const told = (args, context) => ({
  args,
  attempt: context.attempt,
  key: context.idempotencyKey,
  variables: Object.keys(process.env),
});

/** Whether a port of this machine is reached, and how it ended. */
export const connects = ({ port }) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve('reached'));
    socket.once('error', (error) => resolve(error.code));
  });

export const reads = ({ file }) => readFileSync(file, 'utf8').length;
export const writes = ({ file }) => writeFileSync(file, 'written');
export const spawns = () => spawnSync('true').status;
export const threads = () => void new Worker('', { eval: true });
export const throws = () => {
  throw new Error('no such order');
};
export const loops = () => {
  for (;;);
};
export const hoards = () => {
  const all = [];
  for (;;) all.push(new Array(100_000).fill(Math.random()));
};
export const hoardsBuffers = async () => {
  const all = [];
  for (;;) {
    all.push(Buffer.alloc(8 * 1_048_576, 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
export const talks = () => 'x'.repeat(4_000_000);
export const prints = () => {
  console.log('this goes nowhere');
  return 'done';
};
export const leaves = () => process.exit(3);
