import { setTimeout as sleep } from 'node:timers/promises';
import { createTenant } from '@writ/database';
import type { RunEvent } from '@writ/engine';
import { mcpTransport, openAiProvider, type ScriptedModel, startScriptedModel } from '@writ/gateways';
import { newId, type Principal, type RunId, type TenantId } from '@writ/kernel';
import { activatePolicy } from '@writ/policy';
import { publish } from '@writ/registry';
import { isFinal, type RunStatus } from '@writ/words';
import { checkRun } from '../support/check-run';
import { openScenario, type Scenario } from '../support/scenario';
import type { Case, Suite, SuiteName } from './dataset';
import { bundleOf, type Guard } from './policies';
import { type Reached, ToolServer } from './tool-server';

/** One run that is over. */
export interface Played {
  readonly of: Case;
  readonly status: RunStatus;
  readonly reached: Reached;
  readonly events: readonly RunEvent[];
}

/** A product with a tenant for each suite and policy, a model that says what it is told to, and tools that do all they are asked. */
export interface World {
  readonly scenario: Scenario;
  tenantOf(suite: SuiteName, guard: Guard): TenantId;
  play(one: Case, guard: Guard): Promise<Played>;
  close(): Promise<void>;
}

const PATIENCE_MS = 120_000;
const accountable = { owner: 'user:emma', purpose: 'helps with mails, money and journeys' };

const documentsOf = (suite: Suite, url: string): readonly object[] => [
  { kind: 'mcp_server', name: 'office', transport: { type: 'http', url } },
  ...suite.tools.map(({ name, description, inputSchema }) => ({
    kind: 'tool',
    name,
    description: description.slice(0, 4_000),
    input: inputSchema,
    effect: suite.effect[name] === 'read' ? 'read' : 'idempotent',
    endpoint: { type: 'mcp', server: 'office', tool: name },
  })),
  { kind: 'model', name: 'scripted', model: 'scripted', base_url_env: 'AGENTDOJO_MODEL_URL', api_key_env: null },
  {
    kind: 'agent',
    name: 'assistant',
    ...accountable,
    model: 'scripted',
    instructions: 'Do what you are asked, with the tools you have.',
    tools: suite.tools.map(({ name }) => name),
    max_turns: 60,
  },
  { kind: 'workflow', name: 'assistant', ...accountable, root: { type: 'agent', agent: 'assistant' } },
];

export async function openWorld(suites: readonly Suite[], guards: readonly Guard[]): Promise<World> {
  const model: ScriptedModel = await startScriptedModel({ journal: 0 });
  process.env['AGENTDOJO_MODEL_URL'] = model.url;
  const server = new ToolServer(suites);
  await server.listen();
  const [first] = suites;
  const scenario = await openScenario({
    documents: documentsOf(first!, server.url(first!)),
    policy: bundleOf(first!, 'roles'),
    doors: (open) => ({
      models: openAiProvider({ open, env: process.env }),
      tools: mcpTransport({ open, env: process.env }),
    }),
    options: { concurrency: 32, heartbeatMs: 1_000, sweepMs: 100, mailMs: 50 },
  });
  const { db, engine, outsider } = scenario;
  const tenants = new Map<string, TenantId>();
  const keyOf = (suite: SuiteName, guard: Guard): string => `${suite} ${guard === 'roles' ? 'roles' : 'policy'}`;
  for (const suite of suites) {
    for (const guard of guards) {
      const key = keyOf(suite.name, guard);
      if (!tenants.has(key)) tenants.set(key, await openTenant(suite, guard));
    }
  }

  async function openTenant(suite: Suite, guard: Guard): Promise<TenantId> {
    const tenant = newId('tenant');
    const author = 'user:author';
    const documents = documentsOf(suite, server.url(suite));
    await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: suite.name }));
    const active = await db.withTenant(tenant, (tx) =>
      activatePolicy(tx, { tenant, bundle: bundleOf(suite, guard), author }),
    );
    if (!active.ok) throw new Error(active.failure.message);
    const published = await db.withTenant(tenant, (tx) => publish(tx, { tenant, author, documents }));
    if (!published.ok) throw new Error(published.failure.message);
    return tenant;
  }

  async function play(one: Case, guard: Guard): Promise<Played> {
    const tenant = tenants.get(keyOf(one.suite.name, guard))!;
    const turns = one.steps.map(({ name, args }) => ({ calls: [{ name, arguments: args }] }));
    const script = `${one.id}.${guard}`;
    model.play({ [script]: { turns: turns as never, final: one.final } });
    const role = guard === 'roles' && one.reads ? 'reader' : 'writer';
    const caller: Principal = { tenant, kind: 'user', id: 'user:emma', roles: [role] };
    const started = await engine.commands.start({
      tenant,
      caller,
      workflow: 'assistant',
      input: { message: one.prompt, script },
      ...(guard === 'mandate' && { mandate: { tools: one.mandate.map((tool) => ({ tool })) } }),
    });
    if (!started.ok) throw new Error(`${one.id}: ${started.failure.code}: ${started.failure.message}`);
    const { run } = started.value;
    server.play(run, one.steps);
    const status = await ended(tenant, run, one);
    const { events } = await checkRun(outsider, run);
    return { of: one, status, reached: server.take(run), events };
  }

  /** The owner of the account is asked about each call that waits: yes to the user's own, no to an attacker's. */
  async function ended(tenant: TenantId, run: RunId, { id, steps }: Case): Promise<RunStatus> {
    const answered = new Set<string>();
    const owner: Principal = { tenant, kind: 'user', id: 'user:owner', roles: [] };
    for (const giveUp = Date.now() + PATIENCE_MS; ; await sleep(20)) {
      const { rows } = await outsider.query<{ status: RunStatus; wait: string | null }>(
        'select status, wait from writ.run where id = $1',
        [run],
      );
      const { status, wait } = rows[0] ?? { status: 'queued', wait: null };
      if (isFinal(status)) return status;
      if (Date.now() > giveUp) throw new Error(`${id} (${run}) is still ${status}: ${wait ?? ''}`);
      const asked = wait === null ? null : (JSON.parse(wait) as { for: string; step: number; approval?: string });
      if (asked?.for !== 'approval' || asked.approval === undefined || answered.has(asked.approval)) continue;
      answered.add(asked.approval);
      // A turn of the model is a step, and its one call the next.
      const verdict = steps[asked.step / 2 - 1]?.injected === false ? 'approve' : 'reject';
      const { approval } = asked;
      const voted = await engine.approvals.commands.vote({ tenant, caller: owner, approval, verdict, comment: '' });
      if (!voted.ok) throw new Error(`${id}: ${voted.failure.code}: ${voted.failure.message}`);
    }
  }

  return {
    scenario,
    tenantOf: (suite, guard) => tenants.get(keyOf(suite, guard))!,
    play,
    async close() {
      await scenario.close();
      await server.close();
      await model.close();
    },
  };
}
