import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { ScriptInput } from './script';
import { startScriptedModel } from './server';

/**
 * The scripted model as a process: `node dist/libs/gateways/src/scripted/main.js [--port 0] [--host 127.0.0.1]
 * [--scripts file.json]… [--journal 10000] [--tied]`. Prints one JSON line, `{"url": …}`, when it is ready; point
 * OPENAI_BASE_URL at it. With `--tied` it ends when its standard input does, so it never outlives who started it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      scripts: { type: 'string', multiple: true, default: [] },
      journal: { type: 'string', default: '10000' },
      tied: { type: 'boolean', default: false },
    },
  });
  const { host, port, journal } = values;
  const model = await startScriptedModel({ host, port: Number(port), journal: Number(journal) });
  for (const file of values.scripts) {
    model.play(JSON.parse(await readFile(file, 'utf8')) as Record<string, ScriptInput>);
  }
  const end = (): void => void model.close().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (values.tied) {
    process.stdin.resume();
    process.stdin.once('end', end);
  }
  process.stdout.write(`${JSON.stringify({ url: model.url })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`scripted model: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
