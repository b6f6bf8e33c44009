import { createInterface } from 'node:readline/promises';
import type { Io } from './io';

/** The real process. Whoever reads our output may stop reading (`| head`): that ends us quietly. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  return {
    env,
    terminal: stdout.isTTY === true,
    interactive: stdin.isTTY === true && stderr.isTTY === true && !env['CI'],
    drawable: stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb',
    width: stdout.columns ?? stderr.columns ?? 80,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    async read() {
      const chunks: Buffer[] = [];
      for await (const chunk of stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
