import { createTenant, openDatabase, openGroupCommit, runMigrations } from '@writ/database';
import { type Engine, openEngine, RunCommands } from '@writ/engine';
import { functionTransport } from '@writ/gateways';
import { newId, type Principal, type RunId, systemClock, type TenantId } from '@writ/kernel';
import { activatePolicy, type PolicyBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { serve } from '../serve';
import { stepResult, W5_STEPS } from '../workload';

const TENANTS = 20;
const CALLER = 'user:caller';
const AUTHOR = 'user:author';

/** Each step needs two grants: the agent's own and the initiator's. */
const policy: PolicyBundle = {
  rules: [
    `p, ${CALLER}, {tenant}, workflow:w5, run.start, , allow, ,`,
    `p, ${CALLER}, {tenant}, tool:step, tool.invoke, , allow, ,`,
    'p, agent:clerk, {tenant}, tool:step, tool.invoke, , allow, ,',
  ].join('\n'),
  conditions: {},
  obligations: {},
  attributes: {},
  limits: { handoff_depth: 10 },
};

const accountable = { owner: 'bench', purpose: 'five governed steps that do nothing' };
const documents = [
  { kind: 'model', name: 'none', model: 'none' },
  { kind: 'tool', name: 'step', effect: 'idempotent', endpoint: { type: 'function', function: 'step' } },
  { kind: 'agent', name: 'clerk', ...accountable, model: 'none', instructions: '', tools: ['step'] },
  {
    kind: 'workflow',
    name: 'w5',
    ...accountable,
    root: {
      type: 'sequence',
      steps: Array.from({ length: W5_STEPS }, (_, i) => ({
        id: `s${i}`,
        node: { type: 'tool', tool: 'step', agent: 'clerk', args: { step: i } },
      })),
    },
  },
];

/**
 * Writ with everything on: each run is started through the engine's command, decided, journalled, chained into evidence,
 * each step under a permit from a committed decision; it counts when `run_finished` is committed.
 */
serve(async ({ url, concurrency }) => {
  await runMigrations(url);
  const config = { url, role: 'writer' } as const;
  const db = await openDatabase(config);
  const writer = await openGroupCommit(config, { clock: systemClock });
  const tenants: TenantId[] = [];
  for (let i = 0; i < TENANTS; i++) tenants.push(await makeTenant(db, i));
  const engine = openEngine({
    db,
    writer,
    doors: (open) => ({
      models: { complete: () => Promise.reject(new Error('W5 calls no model')) },
      tools: functionTransport({ open, functions: { step: ({ step }) => stepResult(Number(step)) } }),
    }),
    options: { concurrency: concurrency * 2, heartbeatMs: 2_000, sweepMs: 1_000, mailMs: 250 },
    build: 'bench',
  });
  await engine.start();
  const start = starter(engine);
  let next = 0;
  return {
    op: () => start(tenants[next++ % TENANTS]!),
    async close() {
      await engine.close(2_000);
      await writer.close();
      await db.close();
    },
  };
});

async function makeTenant(db: Awaited<ReturnType<typeof openDatabase>>, index: number): Promise<TenantId> {
  const tenant = newId('tenant');
  await db.withTenant([tenant, '*' as TenantId], (tx) => createTenant(tx, { tenant, name: `bench ${index}` }));
  await db.withTenant(tenant, async (tx) => {
    const active = await activatePolicy(tx, { tenant, bundle: policy, author: AUTHOR });
    if (!active.ok) throw new Error(active.failure.message);
    const published = await publish(tx, { tenant, author: AUTHOR, documents });
    if (!published.ok) throw new Error(published.failure.message);
  });
  return tenant;
}

type Held = Parameters<NonNullable<Engine['worker']>['adopt']>[0];

/**
 * `start` answers once the run is durable; the run's end is what the worker's own promise tells. The command hands its
 * runs to anything that can lead one, so a wrapper around the worker sees each of those promises.
 */
function starter({ worker }: Engine): (tenant: TenantId) => Promise<void> {
  if (!worker) throw new Error('the benchmark leads its runs in this process');
  const led = new Map<RunId, { readonly held: Held; readonly end: ReturnType<typeof worker.adopt> }>();
  const commands = new RunCommands(worker.ctx, worker.wakeUp, {
    get hasRoom() {
      return worker.hasRoom;
    },
    adopt(held) {
      const end = worker.adopt(held);
      led.set(held.run, { held, end });
      return end;
    },
  });
  return async (tenant) => {
    const caller: Principal = { tenant, kind: 'user', id: CALLER, roles: [] };
    const started = await commands.start({ tenant, caller, workflow: 'w5', input: {} });
    if (!started.ok) throw new Error(`a run was refused: ${started.failure.message}`);
    const { run } = started.value;
    const leading = led.get(run);
    if (!leading) throw new Error(`run ${run} is led elsewhere`);
    led.delete(run);
    const { kind } = await leading.end;
    const { status } = leading.held.state;
    if (kind !== 'final' || status !== 'succeeded') throw new Error(`run ${run} ended as ${kind}, ${status}`);
  };
}
