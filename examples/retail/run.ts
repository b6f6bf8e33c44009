import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseVkey, type Report, verifyExport } from '@writ/verify';
import { Closing } from './closing';
import { type Dataset, datasetFolder, readDataset } from './dataset';
import { DirectShop, replayDirectly } from './direct-replay';
import { openEvidence } from './evidence';
import { openHome } from './home';
import { differingTasks, ownershipPass, type PassReport, taskPass } from './passes';
import { openStack, type Stack } from './stack';

const HELP = `npm run retail -- [--only 0,1,2] [--kills 2] [--parallel 8] [--export file] [--json]

Plays tau2-bench's retail tasks as governed runs over a real MCP server and compares every answer, every changed record
and every ownership decision with the recording. Then exports the log, stops its own database, and verifies the export.
--export: where to keep it. DATABASE_URL: a Postgres to use instead of the embedded one.
WRIT_DATASETS: the folder that holds tau2. Ends with code 1 on any difference.
`;

interface DriverOptions {
  readonly only?: ReadonlySet<string>;
  /** How many times a worker is killed in the second pass over the tasks; 0 leaves that pass out. */
  readonly kills: number;
  readonly parallel: number;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

interface DriverReport {
  readonly direct: readonly string[];
  readonly passes: readonly PassReport[];
  readonly differences: readonly string[];
}

const PATIENCE_MS = 180_000;

/** The whole of it: the shop by itself, the tasks, the ownership decisions, and the tasks again under kills. */
async function drive(stack: Stack, dataset: Dataset, options: DriverOptions): Promise<DriverReport> {
  const { say, parallel, only } = options;
  const base = { parallel, patienceMs: PATIENCE_MS, ...(only && { only }) };
  say('the shop by itself: every recorded call straight to the MCP server');
  const direct = await replayAlone(stack, dataset);
  const passes: PassReport[] = [];
  const run = async (pass: Promise<PassReport>): Promise<PassReport> => {
    const report = await pass;
    passes.push(report);
    say(
      `  ${report.runs} runs, ${report.calls} calls in ${report.seconds.toFixed(1)} s, ${report.differences.length} differences`,
    );
    return report;
  };
  say('the tasks, governed');
  const first = await run(taskPass(stack, dataset, { ...base, pass: 'tasks' }));
  say('the ownership decisions, governed');
  await run(ownershipPass(stack, dataset, { ...base, pass: 'ownership' }));
  const differences = [...direct, ...passes.flatMap((pass) => pass.differences)];
  if (options.kills > 0) {
    say(`the tasks again, while a worker is killed ${options.kills} times`);
    const onEnd = killer(stack, { kills: options.kills, runs: first.runs, say });
    const second = await run(taskPass(stack, dataset, { ...base, pass: 'tasks-killed', onEnd }));
    differences.push(...second.differences);
    differences.push(...differingTasks(first, second).map((task) => `task ${task} differs between the two passes`));
    if (second.takenOver === 0 && !only) differences.push('no run was taken over: the kills hit nothing');
  }
  return { direct, passes, differences };
}

async function replayAlone(stack: Stack, dataset: Dataset): Promise<string[]> {
  const client = await DirectShop.connect(stack.shop.url);
  try {
    return await replayDirectly(dataset, client, stack.state);
  } finally {
    await client.close();
  }
}

/** SIGKILLs the longest-serving worker at even distances, while the other conversations go on, and starts another. */
function killer(
  stack: Stack,
  { kills, runs, say }: { readonly kills: number; readonly runs: number; readonly say: (line: string) => void },
): (ended: number) => Promise<void> {
  const moments = new Set(
    Array.from({ length: kills }, (_, i) => Math.max(1, Math.floor(((i + 1) * runs) / (kills + 1)))),
  );
  return async (ended) => {
    if (!moments.delete(ended)) return;
    const victim = stack.workers.shift();
    await victim?.kill();
    say(`  killed worker ${victim?.ready ?? ''} after ${ended} conversations`);
    await stack.addWorker();
  };
}

function table(report: DriverReport): string {
  const rows = [
    ['pass', 'runs', 'calls', 'denied', 'as recorded', 'taken over', 'asked again', 'seconds', 'differences'],
    ...report.passes.map((one) => [
      one.pass,
      ...[one.runs, one.calls, one.denied, one.correct, one.takenOver, one.repeated].map(String),
      one.seconds.toFixed(1),
      String(one.differences.length),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      kills: { type: 'string' },
      parallel: { type: 'string', default: '8' },
      export: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const say = (line: string): void => void process.stderr.write(`[retail] ${line}\n`);
  const dataset = readDataset();
  if (!dataset) {
    say(`the data set is not at ${datasetFolder()}; set WRIT_DATASETS to the folder that holds tau2`);
    return 2;
  }
  const closing = new Closing();
  // Interrupted, it still stops the database and the processes it started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void closing.run().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)));
  }
  try {
    const home = closing.add(await openHome(), (one) => one.stop());
    const { ownerUrl, shopUrl } = home;
    const stack = closing.add(await openStack({ dataset, ownerUrl, shopUrl, holdMs: 5 }), (one) => one.close());
    const { tenant } = stack;
    const evidence = closing.add(await openEvidence({ ownerUrl, tenant }), (one) => one.close());
    await Promise.all([stack.addWorker(), stack.addWorker()]);
    const report = await drive(stack, dataset, {
      say,
      // A few conversations may well be over before a kill can hit one.
      kills: Number(values.kills ?? (values.only === undefined ? 2 : 0)),
      parallel: Number(values.parallel),
      ...(values.only !== undefined && { only: new Set(values.only.split(',')) }),
    });
    const file = values.export ?? join(tmpdir(), `writ-retail-${process.pid}.ndjson`);
    say(`exporting the log to ${file}`);
    const vkey = await evidence.exportTo(file);
    await closing.run();
    say('verifying it, with everything else stopped');
    const verified = await verify(file, vkey);
    if (values.export === undefined) await rm(file);
    else say(`again: ./writ audit verify ${file} --key ${vkey}`);
    const same = report.differences.length === 0 && verified.verdict === 'intact';
    for (const { message, index } of verified.problems) say(`LOG ${index ?? ''} ${message}`);
    for (const difference of report.differences) say(`DIFFERENCE ${difference}`);
    if (values.json) process.stdout.write(`${JSON.stringify({ ...withoutOutcomes(report), verified })}\n`);
    else
      process.stdout.write(`\n${table(report)}\n\n${logLine(verified)}\n${same ? 'No difference.' : 'Different.'}\n`);
    return same ? 0 : 1;
  } finally {
    await closing.run();
  }
}

async function verify(file: string, vkey: string): Promise<Report> {
  const key = parseVkey(vkey);
  if (!key.ok) throw new Error(key.failure.message);
  return verifyExport(createReadStream(file, { highWaterMark: 1 << 20 }), { trust: { keys: [key.value] } });
}

const logLine = ({ verdict, events, runs, checkpoints, decisions, ms }: Report): string =>
  `The log is ${verdict}: ${events} events of ${runs} chains under ${checkpoints} checkpoints, ${decisions.total} decisions recombined (${decisions.deny} denials), in ${(ms / 1000).toFixed(2)} s, with the database stopped.`;

const withoutOutcomes = (report: DriverReport): object => ({
  ...report,
  passes: report.passes.map(({ outcomes: _outcomes, ...pass }) => pass),
});

if (require.main === module) {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`[retail] ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
}
