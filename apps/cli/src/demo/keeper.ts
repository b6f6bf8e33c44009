import { rmSync } from 'node:fs';

/**
 * `node keeper.js <pid of Postgres> <folder>`: waits for the demo's end. When the demo said goodbye on standard input it
 * has cleaned up itself; when it was killed, this ends its database and removes its folder, so that nothing is left.
 */
async function main(): Promise<void> {
  const [pid = '', folder = ''] = process.argv.slice(2);
  let heard = '';
  for await (const chunk of process.stdin) heard += String(chunk);
  if (heard.includes('done')) return;
  try {
    process.kill(Number(pid), 'SIGINT');
    for (let tries = 0; tries < 500; tries++) {
      process.kill(Number(pid), 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch {
    // It is gone.
  }
  rmSync(folder, { recursive: true, force: true });
}

void main();
