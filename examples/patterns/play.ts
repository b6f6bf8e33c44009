import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@writ/engine';
import {
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  openAiProvider,
  readEgressRules,
  type ScriptInput,
  startScriptedModel,
  ToolGateway,
} from '@writ/gateways';
import type { Principal, RunId } from '@writ/kernel';
import { parseBundle } from '@writ/policy';
import { parseDocuments } from '@writ/registry';
import { isFinal, type RunStatus } from '@writ/words';
import { parse as parseYaml } from 'yaml';
import { checkRun } from '../../test/support/check-run';
import { type FrameworkPeer, startFramework } from '../../test/support/framework';
import { openScenario, type Scenario } from '../../test/support/scenario';
import { until } from '../../test/support/until';
import type { Expected, Played } from './expected';
import { linesOf } from './lines';
import { functions } from './tools';

export const EXAMPLES = [
  'sequence',
  'fanout',
  'supervisor',
  'router',
  'swarm',
  'blackboard',
  'mailbox',
  'vote',
  'reflect',
  'plan',
  'hedge',
  'loop',
  'compensation',
  'child',
  'batch',
  'consult',
  'group-chat',
  'framework',
] as const;
export type ExampleName = (typeof EXAMPLES)[number];

const text = (name: ExampleName, file: string): string => readFileSync(join(__dirname, name, file), 'utf8');

/** Plays an example's cases on a migrated database, one after the other; each run is checked whole. */
export async function playExample(name: ExampleName, ownerUrl: string): Promise<readonly Played[]> {
  const parsed = parseDocuments(`${text(name, 'workflow.yaml')}\n---\n${MODEL}`);
  if (!parsed.ok) throw new Error(`${name}/workflow.yaml: ${parsed.failure.message}`);
  const policy = parseBundle(text(name, 'policy.yaml'));
  if (!policy.ok) throw new Error(`${name}/policy.yaml: ${policy.failure.message}`);
  const model = await startScriptedModel();
  process.env['EXAMPLE_MODEL_URL'] = model.url;
  model.play(parseYaml(text(name, 'script.yaml')) as { readonly [id: string]: ScriptInput });
  // The one example that reaches a service outside has it here, wherever a port is free.
  const asksOutside = parsed.value.some(({ kind }) => kind === 'http_service');
  const outside = asksOutside ? await startFramework() : null;
  const scenario = await openScenario({
    ownerUrl,
    documents: parsed.value.map((one) =>
      one.kind === 'http_service' && outside ? { ...one, origin: outside.origin } : one,
    ),
    policy: policy.value,
    // Timers fire when a sweep finds them due: often, so that an example takes no longer than it must.
    options: { concurrency: 8, heartbeatMs: 500, sweepMs: 50, mailMs: 50 },
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: new ToolGateway({
        function: functionTransport({ open, functions }),
        mcp: mcpTransport({ open, env: {} }),
        http: httpTransport({ open, env: {}, guard: new EgressGuard({ rules: rulesFor(outside) }) }),
      }),
    }),
  });
  try {
    const workflow = parsed.value.find((one) => one.kind === 'workflow')!.name;
    const played: Played[] = [];
    for (const expected of parseYaml(text(name, 'expected.yaml')) as readonly Expected[]) {
      const play = expected.batch ? playBatch : playRun;
      played.push(await play(scenario, workflow, expected));
    }
    return played;
  } finally {
    await scenario.close();
    await outside?.close();
    await model.close();
  }
}

/** Every example speaks through this model; its script stands in for one. */
const MODEL = `
kind: model
name: example_model
model: scripted
base_url_env: EXAMPLE_MODEL_URL
api_key_env: null
`;

const rulesFor = (outside: FrameworkPeer | null) => readEgressRules(outside ? `${outside.origin};private` : undefined);

const annOf = ({ tenant }: Scenario): Principal => ({ tenant, kind: 'user', id: 'user:ann', roles: ['customer'] });

async function playRun(scenario: Scenario, workflow: string, expected: Expected): Promise<Played> {
  const { engine, tenant } = scenario;
  const { input = {}, budget } = expected;
  const caller = annOf(scenario);
  const started = await engine.commands.start({ tenant, caller, workflow, input, ...(budget && { budget }) });
  if (!started.ok) throw new Error(`${workflow}: ${started.failure.code}: ${started.failure.message}`);
  const { events, status, children } = await overAndChecked(scenario, started.value.run);
  const last = events.at(-1);
  return {
    expected,
    outcome: {
      status,
      ...(last?.type === 'run_finished' && { output: last.output }),
      ...(last?.type === 'run_failed' && { code: last.failure.code }),
      steps: linesOf(events, { children }),
    },
    told: linesOf(events, { children, said: true }),
  };
}

async function playBatch(scenario: Scenario, workflow: string, expected: Expected): Promise<Played> {
  const { engine, tenant, db } = scenario;
  const { batches } = engine;
  const caller = annOf(scenario);
  const made = await db.withTenant(tenant, (tx) =>
    batches.create(tx, { tenant, caller, workflow, start: {}, ...expected.batch! }),
  );
  if (!made.ok) throw new Error(`${workflow}: ${made.failure.code}: ${made.failure.message}`);
  const { id } = made.value;
  await until(`batch ${id} to be over`, async () => (await batches.get(tenant, id))?.finishedAt !== null);
  const ends: Record<string, number> = {};
  const steps: string[] = [];
  for (const { run, state, code } of (await batches.items(tenant, id, { limit: 1000 }))!.data) {
    const end = code === null ? state : `${state}, ${code}`;
    ends[end] = (ends[end] ?? 0) + 1;
    if (run !== null) steps.push(...linesOf((await overAndChecked(scenario, run)).events));
  }
  const { status } = (await batches.get(tenant, id))!;
  return { expected, outcome: { status, output: ends, steps }, told: steps };
}

interface Over {
  readonly events: readonly RunEvent[];
  readonly status: RunStatus;
  /** The journals of the runs that it started, by their ids. */
  readonly children: ReadonlyMap<string, readonly RunEvent[]>;
}

async function overAndChecked(scenario: Scenario, run: RunId): Promise<Over> {
  const { outsider } = scenario;
  await until(`run ${run} to be over`, async () => {
    const { rows } = await outsider.query<{ status: RunStatus }>('select status from writ.run where id = $1', [run]);
    return isFinal(rows[0]?.status ?? 'queued');
  });
  const { events, status } = await checkRun(outsider, run);
  const children = new Map<string, readonly RunEvent[]>();
  for (const event of events) {
    if (event.type === 'child_ended') children.set(event.run, (await overAndChecked(scenario, event.run)).events);
  }
  return { events, status, children };
}
