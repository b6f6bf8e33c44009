import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '@writ/engine';
import { functionTransport, openAiProvider, type ScriptInput, startScriptedModel } from '@writ/gateways';
import type { Json, JsonObject, Principal } from '@writ/kernel';
import { parseBundle } from '@writ/policy';
import { parseDocuments } from '@writ/registry';
import { isFinal, type RunStatus } from '@writ/words';
import { parse as parseYaml } from 'yaml';
import { checkRun } from '../../test/support/check-run';
import { openScenario } from '../../test/support/scenario';
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
] as const;
export type ExampleName = (typeof EXAMPLES)[number];

/** One input and what must come of it. */
export interface Expected {
  readonly case: string;
  readonly input: JsonObject;
  readonly status: RunStatus;
  /** The run's output, where it succeeds. */
  readonly output?: Json;
  /** The code it ends with, where it does not. */
  readonly code?: string;
  /** What happened, one line a step, in order; what runs side by side may come in another. */
  readonly steps: readonly string[];
}

export interface Played {
  readonly expected: Expected;
  readonly status: RunStatus;
  readonly output: Json | undefined;
  readonly code: string | undefined;
  readonly steps: readonly string[];
  /** The steps, and between them what agents said. */
  readonly told: readonly string[];
}

const text = (name: ExampleName, file: string): string => readFileSync(join(__dirname, name, file), 'utf8');

/** Plays an example's cases on a migrated database, one after the other; each run is checked whole. */
export async function playExample(name: ExampleName, ownerUrl: string): Promise<readonly Played[]> {
  const documents = parseDocuments(`${text(name, 'workflow.yaml')}\n---\n${MODEL}`);
  if (!documents.ok) throw new Error(`${name}/workflow.yaml: ${documents.failure.message}`);
  const policy = parseBundle(text(name, 'policy.yaml'));
  if (!policy.ok) throw new Error(`${name}/policy.yaml: ${policy.failure.message}`);
  const model = await startScriptedModel();
  process.env['EXAMPLE_MODEL_URL'] = model.url;
  model.play(parseYaml(text(name, 'script.yaml')) as { readonly [id: string]: ScriptInput });
  const scenario = await openScenario({
    ownerUrl,
    documents: documents.value,
    policy: policy.value,
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: functionTransport({ open, functions }),
    }),
  });
  try {
    const workflow = documents.value.find((one) => one.kind === 'workflow')!.name;
    const caller: Principal = { tenant: scenario.tenant, kind: 'user', id: 'user:ann', roles: ['customer'] };
    const played: Played[] = [];
    for (const expected of parseYaml(text(name, 'expected.yaml')) as readonly Expected[]) {
      const { input } = expected;
      const started = await scenario.engine.commands.start({ tenant: scenario.tenant, caller, workflow, input });
      if (!started.ok) throw new Error(`${name}: ${started.failure.code}: ${started.failure.message}`);
      await ended(scenario.outsider, started.value.run);
      const { events, status } = await checkRun(scenario.outsider, started.value.run);
      const last = events.at(-1);
      played.push({
        expected,
        status,
        output: last?.type === 'run_finished' ? last.output : undefined,
        code: last?.type === 'run_failed' ? last.failure.code : undefined,
        steps: linesOf(events),
        told: linesOf(events, { said: true }),
      });
    }
    return played;
  } finally {
    await scenario.close();
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

const PATIENCE_MS = 30_000;

async function ended(
  database: { query(text: string, values: unknown[]): Promise<{ rows: { status: RunStatus }[] }> },
  run: string,
): Promise<void> {
  const giveUp = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await database.query('select status from writ.run where id = $1', [run]);
    const status = rows[0]?.status ?? 'queued';
    if (isFinal(status)) return;
    if (Date.now() > giveUp) throw new Error(`run ${run} is still ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a run did, as lines to read: who called what, and what was refused; with `said`, what agents answered too. */
function linesOf(events: readonly RunEvent[], { said = false } = {}): string[] {
  const speakers = new Map<number, string>();
  return events.flatMap((event): string[] => {
    switch (event.type) {
      case 'step_intended':
        if (event.kind === 'model') speakers.set(event.step, event.agent ?? 'workflow');
        return event.kind === 'model' || event.kind === 'data'
          ? []
          : [`${event.agent ?? 'workflow'} → ${event.kind} ${event.target}`];
      case 'step_denied':
        return [`${event.agent ?? 'workflow'} → ${event.kind} ${event.target}: denied, ${event.decision.reason}`];
      case 'step_settled':
        if (said && speakers.has(event.step)) return answer(speakers.get(event.step)!, event.result);
        return event.failure?.code === 'board_conflict' ? ['conflict: it was written since'] : [];
      case 'call_rejected':
        return [`rejected: ${event.code}`];
      default:
        return [];
    }
  });
}

function answer(agent: string, reply: Json | undefined): string[] {
  const { content = null } = (reply ?? {}) as { content?: string | null };
  return content === null ? [] : [`${agent} says: ${content}`];
}
