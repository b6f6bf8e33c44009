import { measureP6 } from './p6';

/** `node dist/bench/policy/main.js [--quick]`: P6 alone, as JSON lines. */
const quick = process.argv.includes('--quick');

void measureP6({
  sizes: quick ? [1_000, 10_000] : [1_000, 10_000, 100_000],
  rounds: quick ? 1 : 3,
  windowMs: quick ? 300 : 1_000,
  stock: true,
  emit: (line) => void process.stdout.write(`${JSON.stringify(line)}\n`),
}).then(
  (result) => void process.stdout.write(`${JSON.stringify({ bench: 'p6', what: 'result', ...result })}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
