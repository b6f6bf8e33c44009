// Starts a run from a program of one's own and follows it to its end. Needs `npm start` and the first workflow of the
// guides; takes WRIT_URL and WRIT_API_KEY. Elsewhere, after `npm install <this folder>/dist/libs/sdk`: from '@writ/sdk'.
import { WritClient, WritError } from '../../dist/libs/sdk/index.mjs';

const writ = new WritClient({
  url: process.env.WRIT_URL ?? 'http://127.0.0.1:8420',
  apiKey: process.env.WRIT_API_KEY ?? '',
});

try {
  const { id } = await writ.runs.start({ workflow: 'look_up_order', input: { id: 'W1001' } });
  for await (const event of writ.runs.stream(id)) console.log(event.sequence, event.type);
  const { status, output } = await writ.runs.get(id);
  console.log(status, JSON.stringify(output));
} catch (error) {
  if (!(error instanceof WritError)) throw error;
  // The code is stable; a refusal by policy also names its decision, which `writ explain` explains.
  console.error(error.code, error.message, error.problem?.decision_id ?? '');
  process.exitCode = 1;
}
